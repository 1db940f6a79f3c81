"""What a difference says is what was changed, and whatever two texts hold, its cost has a bound."""

import random
import re
from difflib import SequenceMatcher
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.editing import diff
from articles.editing.diff import diff_of_words

TEXT = st.lists(st.sampled_from(["the", "a", "ferry", "<b>", "sails", "&", "again"]), max_size=40).map(" ".join)


def sides(html: str) -> tuple[str, str]:
    """Both texts, as the difference has them."""
    without_new = re.sub(r"<ins>.*?</ins>", "", html, flags=re.DOTALL)
    without_old = re.sub(r"<del>.*?</del>", "", html, flags=re.DOTALL)
    return tuple(unescape(re.sub(r"</?(ins|del)>", "", side)).strip() for side in (without_new, without_old))


@given(before=TEXT, after=TEXT, pairs=st.sampled_from([0, 3, 5_000]))
def test_it_holds_both_texts_whole(before, after, pairs):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(diff, "MOST_PAIRS", pairs)
        assert sides(diff_of_words(before, after)) == (before, after)


def test_a_long_text_is_shown_word_by_word_at_a_bounded_cost(monkeypatch):
    """8,000 words as they are frequent in a language, every eleventh changed."""
    compared = []

    class Counting(SequenceMatcher):
        def __init__(self, junk, left, right, autojunk):
            compared.append(sum(left.count(word) * right.count(word) for word in set(left)))
            super().__init__(junk, left, right, autojunk)

    monkeypatch.setattr(diff, "SequenceMatcher", Counting)
    chance = random.Random(1)
    words = chance.choices([f"w{n}" for n in range(3000)], [1 / (n + 1) for n in range(3000)], k=8000)
    changed = ["changed" if n % 11 == 0 else word for n, word in enumerate(words)]
    html = diff_of_words(" ".join(words), " ".join(changed))
    assert html.count("<ins>changed") > 700
    assert sides(html) == (" ".join(words), " ".join(changed))
    assert max(compared) <= diff.MOST_PAIRS


@pytest.mark.parametrize("unlike", ["one word", "shuffled", "other words"])
def test_texts_that_share_little_are_shown_one_after_the_other(unlike):
    words = [f"w{n}" for n in range(8000)]
    other = {
        "one word": ["the"] * 8000,
        "shuffled": random.Random(2).sample(words, len(words)),
        "other words": [f"v{n}" for n in range(8000)],
    }
    html = diff_of_words(" ".join(words), " ".join(other[unlike]))
    assert (html.count("<del>"), html.count("<ins>")) == (1, 1)
