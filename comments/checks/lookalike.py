from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete, post_save

from articles.models import Contributor
from comments.checks.finding import Finding, Verdict
from comments.checks.submission import Submission
from comments.folding import disguised, skeleton, skeletons, unmask
from comments.models import Comment

#: Words of a name that only the newsroom may bear.
OFFICES = {
    skeleton(word) for office in ("moderator", "administrator", "admin", "editor") for word in (office, f"{office}s")
} | {skeleton(word) for word in ("staff", "newsroom", "redaction", "editorial", "moderation")}
#: Shorter names are in other words by chance; longer ones are looked for in a word that is written together.
SHORTEST, SHORTEST_WITHIN = 3, 7
#: A letter before a digit: “Okafor2”.
BEFORE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)")
#: Another process may have changed a name: asked again so often (seconds).
FRESH_FOR = 60


def lookalike(comment: Comment, submission: Submission) -> Finding | None:
    """A guest's name that a reader would take for one of the newsroom, however it is spelt."""
    if comment.is_staff:
        return None
    name = skeleton(comment.name)
    paper = skeleton(settings.SITE_NAME)  # empty for a name of signs alone, which would be in every name
    if _names(int(time.monotonic()) // FRESH_FOR).are_in(comment.name) or (paper and paper in name):
        return Finding(Verdict.HOLD, "lookalike", f"The name “{comment.name}” looks like one of the newsroom.")
    if any(skeleton(word) in OFFICES for form in disguised(comment.name) for word in form.split()):
        return Finding(Verdict.HOLD, "lookalike", f"The name “{comment.name}” claims an office.")
    return None


class Names:
    """The newsroom's, found in what a guest is called, in time that grows with that and not with how many there are."""

    def __init__(self, names: Iterable[str]):
        self._whole: set[str] = set()
        self._of_several: set[str] = set()
        words_of: set[tuple[str, ...]] = set()
        for name in names:
            words = skeletons(name)
            if len(whole := "".join(words)) < SHORTEST:
                continue
            self._whole.add(whole)
            if len(different := tuple(sorted(set(words)))) > 1:
                self._of_several.add(whole)
                words_of.add(different)
        often = Counter(word for words in words_of for word in words)
        #: Under the rarest of its words: of two hundred called Smith no two need share a first name.
        self._words = defaultdict[str, list[tuple[str, ...]]](list)
        for different in words_of:
            self._words[min(different, key=lambda word: often[word])].append(different)
        self._longest = max(map(len, self._whole), default=0)
        self._lengths = sorted({len(name) for name in self._of_several if len(name) >= SHORTEST_WITHIN})

    def are_in(self, typed: str) -> bool:
        """Whether it is one of them; or has all words of one of several words, in any order, whatever stands around them."""
        if skeleton(typed) in self._whole:
            return True
        forms = disguised(typed) | {unmask(typed), unmask(_apart(typed))}
        return any(self._are_among(form.split()) for form in forms)

    def _are_among(self, words: list[str]) -> bool:
        if any(part in self._of_several for word in words for part in self._parts(word)):
            return True
        runs = set(self._runs(words))
        return not runs.isdisjoint(self._of_several) or any(
            all(word in runs for word in name) for run in runs for name in self._words.get(run, ())
        )

    def _runs(self, words: list[str]) -> Iterator[str]:
        """Each word, and neighbours as one: “O'Brien” is one word to some, and two to others."""
        for start in range(len(words)):
            run = ""
            for word in words[start:]:
                if len(run := run + word) > self._longest:
                    break
                yield run

    def _parts(self, word: str) -> Iterator[str]:
        for length in self._lengths:
            for start in range(len(word) - length + 1):
                yield word[start : start + length]


def _apart(name: str) -> str:
    """“Ada OkaforHT”, “Ada Okafor2”: words that only a capital or a digit sets apart."""
    capitals = (f" {c}" if c.isupper() and before.islower() else c for before, c in zip(f" {name}", name, strict=False))
    return BEFORE_DIGIT.sub(" ", "".join(capitals))


@lru_cache(maxsize=1)
def _names(period: int) -> Names:
    User = get_user_model()
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    called = staff.values_list("first_name", "last_name", "username")
    names = [name for first, last, username in called for name in (f"{first} {last}", username)]
    return _made_of(*names, *Contributor.objects.order_by("pk").values_list("name", flat=True))


@lru_cache(maxsize=1)
def _made_of(*names: str) -> Names:
    # A tenth of a second for five thousand, each minute in which somebody comments: not while they stay the same.
    return Names(names)


def _forget(**kwargs) -> None:
    _names.cache_clear()


def listen() -> None:
    """Names that change in this process are known at once."""
    for model in (get_user_model(), Contributor):
        for signal in (post_save, post_delete):
            signal.connect(_forget, sender=model, dispatch_uid=f"comments.lookalike.{model.__name__}")
