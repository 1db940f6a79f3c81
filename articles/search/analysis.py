"""From text to the words that are compared: the same for stories and for queries, on every database.

A word loses case and accents, then its ending (Snowball, in the site's language). Scripts that are written without spaces
become pairs of characters: nobody can say where their words end without a dictionary, and pairs find whatever is typed.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache

import Stemmer
from django.conf import settings
from django.utils.translation import get_language_info

from articles.models.slug import LATIN_LETTERS

#: Raised whenever the same text gives other words than before: `manage.py reindex` then brings all stories up to date.
VERSION = 1
#: Of a longer word the rest is left out, in stories and in queries alike.
LONGEST = 64
#: Words, which are nearly all that is written, and take 2 MB of each process.
REMEMBERED = 5_000


def tokens(text: str) -> list[str]:
    """What the index holds of a text, in order."""
    spoken = language()
    return [token for word in WORD.findall(normalise(text)) for token in tokens_of(word, spoken)]


def tokens_of(word: str, language: str) -> tuple[str, ...]:
    """What the index holds of one word: nothing, one token, or several of a run without spaces."""
    # A run without spaces is a whole sentence: it does not come again.
    return _remembered(word, language) if word[0] < FIRST_UNSPACED else tuple(_split(word, language, last_alone=True))


def asked(text: str) -> list[str]:
    """What a query looks for: of a run without spaces the pairs alone, since its last character may go on in a story."""
    spoken = language()
    return [token for word in WORD.findall(normalise(text)) for token in _split(word, spoken, last_alone=False)]


def normalise(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def fold(word: str) -> str:
    """Without case, accents and whatever is neither letter nor digit: "Vladimír" → "vladimir"."""
    return word.translate(_folding)


def forms(text: str) -> set[str]:
    """The words of a text with their endings, folded: what people write."""
    spoken = language()
    return {fold(part) for word in set(WORD.findall(normalise(text))) for part in _parts(word, spoken)}


def stemmer_name() -> str:
    """The Snowball algorithm for the site's language; "" where there is none, and words then keep their endings."""
    return _stemmer_name(language())


@lru_cache(maxsize=REMEMBERED)
def _remembered(word: str, language: str) -> tuple[str, ...]:
    return tuple(_split(word, language, last_alone=True))


def _split(word: str, language: str, *, last_alone: bool) -> Iterator[str]:
    for part in _parts(word, language):
        for run in RUN.finditer(fold(part)):
            text = run[0]
            if not UNSPACED.match(text):
                yield stem(text[:LONGEST], language)
            elif len(text) == 1:
                yield text
            else:
                yield from (text[n : n + 2] for n in range(len(text) - 1))
                if last_alone:
                    yield text[-1]


def _parts(word: str, language: str) -> list[str]:
    """English keeps what an apostrophe joins and drops the possessive; elsewhere it stands between two words (l’eau)."""
    parts = APOSTROPHE.split(word)
    if language != "en" or len(parts) == 1:
        return parts
    return ["".join(parts[:-1] if parts[-1] in {"s", "S"} else parts)]


@lru_cache(maxsize=REMEMBERED)
def stem(word: str, language: str) -> str:
    name = _stemmer_name(language)
    if not name or not word[0].isalpha():
        return word
    with _one_at_a_time:
        return _stemmer(name).stemWord(word) or word


def is_unspaced(text: str) -> bool:
    """Whether it is of a script that is written without spaces between words."""
    return bool(UNSPACED.match(text))


def language() -> str:
    """The site's, without its region."""
    return settings.LANGUAGE_CODE.split("-")[0].lower()


def begins_as_its_word(language: str) -> bool:
    """Whether a token of one word begins with the word's first letter, folded: where only endings are taken off, and no apostrophe
    stands between two words.
    """  # fmt: skip
    return language == "en"


@cache
def _stemmer_name(language: str) -> str:
    try:
        name = {"nb": "norwegian", "nn": "norwegian"}.get(language) or get_language_info(language)["name"].lower()
    except KeyError:
        return ""
    return name if name in Stemmer.algorithms() else ""


#: Stemmers keep a state of their own while they work.
_one_at_a_time = threading.Lock()


@cache
def _stemmer(name: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(name, 0)


#: Letters that merely look like another with an accent.
LETTERS_OF_THEIR_OWN = "йїў"


class _Folding(dict):
    """A table for `str.translate` that is filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = self._fold(chr(code))
        return folded

    @staticmethod
    def _fold(char: str) -> str:
        if char.casefold() in LETTERS_OF_THEIR_OWN:
            return char.casefold()
        if char == "ـ":  # stretches an Arabic word, and says nothing
            return ""
        if unicodedata.category(char) == "Nd":
            return str(unicodedata.decimal(char))
        plain = unicodedata.normalize("NFKD", char.translate(LATIN_LETTERS).casefold())
        kept = (c for c in plain if c.isalnum() or (unicodedata.category(c)[0] == "M" and not _is_accent(c)))
        return unicodedata.normalize("NFC", "".join(kept))


def _is_accent(mark: str) -> bool:
    """Of Latin, Greek, Cyrillic, Hebrew and Arabic. In Indian scripts marks are vowels, in Japanese other consonants."""
    return mark < "\u0900" or any(first <= mark <= last for first, last in FURTHER_ACCENTS)


FURTHER_ACCENTS = (("\u1ab0", "\u1aff"), ("\u1dc0", "\u1dff"), ("\u20d0", "\u20ff"), ("\ufe20", "\ufe2f"))

_folding = _Folding()


def _marks(*blocks: tuple[int, int]) -> str:
    return "".join(
        chr(c) for first, last in blocks for c in range(first, last) if unicodedata.category(chr(c))[0] == "M"
    )


LETTER = r"[^\W_]"
# Invisible within a word: soft hyphen, joiners.
INVISIBLE = "\u00ad\u200b-\u200d\u2060"
MARKS = _marks(
    (0x300, 0x1D00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0x302A, 0x3100), (0xA800, 0xAC00), (0xFE20, 0xFE30)
)
#: What is one word in a text that is normalised (NFC).
WORD = re.compile(rf"{LETTER}+(?:(?:[{MARKS}{INVISIBLE}]|['’ʼ](?={LETTER})){LETTER}*)*")
APOSTROPHE = re.compile("['’ʼ]")

#: Thai, Lao, Burmese, Khmer, kana, Han, Hangul (which has spaces, but hangs endings on its words).
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
FIRST_UNSPACED = _UNSPACED[0]
UNSPACED = re.compile(f"[{_UNSPACED}]")
RUN = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
