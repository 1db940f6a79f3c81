"""The newsroom's list of words and phrases, found in a text in time that grows with the text and not with the list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import ahocorasick
from django.db.models import Aggregate, TextField
from django.db.models.functions import MD5, Cast

from comments.folding import disguised, fold, unmask
from comments.models import Term

#: Scripts that are written without spaces: there every letter is an edge of a word.
WITHOUT_SPACES = ((0x0E00, 0x0EFF), (0x3040, 0x30FF), (0x3400, 0x9FFF), (0x20000, 0x323AF))


@dataclass(frozen=True)
class Matcher:
    """Finds some terms in any number of texts."""

    terms: tuple[Term, ...]

    def found_in(self, text: str) -> list[Term]:
        """The terms that a text holds, disguised or not, each once, in the order of the list."""
        found = set(self._search(self._plain, fold(text)))
        for form in disguised(text):
            found |= set(self._search(self._masked, form))
        return [self.terms[number] for number in sorted(found)]

    @cached_property
    def _plain(self) -> ahocorasick.Automaton | None:
        return self._automaton(fold)

    @cached_property
    def _masked(self) -> ahocorasick.Automaton | None:
        return self._automaton(unmask)

    def _automaton(self, form) -> ahocorasick.Automaton | None:
        numbers: dict[str, list[int]] = {}
        for number, term in enumerate(self.terms):
            if phrase := form(term.phrase):
                numbers.setdefault(phrase, []).append(number)
        if not numbers:
            return None
        automaton = ahocorasick.Automaton()
        for phrase, found in numbers.items():
            automaton.add_word(phrase, (len(phrase), found))
        automaton.make_automaton()
        return automaton

    def _search(self, automaton: ahocorasick.Automaton | None, text: str) -> Iterable[int]:
        if automaton is None or not text:
            return
        for end, (length, numbers) in automaton.iter(text):
            start = end - length + 1
            is_word = _is_edge(text, start - 1, start) and _is_edge(text, end + 1, end)
            yield from (number for number in numbers if is_word or not self.terms[number].whole_words)


def _is_edge(text: str, outside: int, inside: int) -> bool:
    if not 0 <= outside < len(text) or not text[outside].isalnum():
        return True
    return any(low <= ord(text[inside]) <= high for low, high in WITHOUT_SPACES)


class _Joined(Aggregate):
    """The texts of a column, one after the other, in whatever order the rows come: the same one for all columns of a query."""

    function, template = "GROUP_CONCAT", "%(function)s(%(expressions)s, CHR(31))"
    output_field = TextField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template=self.template.replace("CHR", "CHAR"), **context)

    def as_postgresql(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, function="STRING_AGG", **context)


#: Digests of all that a comment is judged by, made where the rows are: a time or a count of changes can be the same again.
_VERSION = {
    f"{name}_digest": MD5(_Joined(Cast(name, TextField()))) for name in ("phrase", "whole_words", "action", "note")
}

_known: tuple[object, Matcher] = (None, Matcher(()))


def matcher() -> Matcher:
    """Of all terms as they are now: one small query says whether those known to this process still are."""
    global _known
    version = tuple(Term.objects.aggregate(**_VERSION).values())
    if _known[0] != version:
        _known = (version, Matcher(tuple(Term.objects.order_by("phrase"))))
    return _known[1]
