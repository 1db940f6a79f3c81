"""Text as it is compared, not as it is read: case, accents, look-alike letters and disguises taken off.

Two texts that a reader would take for the same fold to the same. All of it is linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from confusable_homoglyphs.utils import load

NOT_A_WORD = re.compile(r"[\W_]+")
REPEATED = re.compile(r"(.)\1{2,}")
#: "s p a m", "s.p.a.m", "s_p_a_m", one letter a line: at least four letters, each by itself, whatever stands between.
SPACED = re.compile(r"(?<![^\W_])[^\W_](?:[\W_]{1,3}[^\W_](?![^\W_])){3,}")
#: Digits and signs that stand for letters. `l` too, since `1` may stand for it or for `i`.
LEET_SIGNS = "@$!|+¡"
LEET = str.maketrans("0134578l" + LEET_SIGNS, "oieastbi" + "asiiti")
#: One letter that Unicode takes apart into a sentence of 18, and one into eight: a text of them would be 18 times as long.
SENTENCES = str.maketrans("\ufdfa\ufdfb", "\u0635\u062c")
#: Letters to Unicode, and nothing to a reader: the fillers of Hangul.
FILLERS = "\u115f\u1160\u3164\uffa0"
SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "
HAS_LETTER = re.compile(r"[^\W\d_]")
TOKEN = re.compile(r"\S+")


def fold(text: str) -> str:
    """Lower case, without accents and invisible characters, look-alikes as Latin letters; words apart by one space."""
    return NOT_A_WORD.sub(" ", plain(text)).strip()


def disguised(text: str) -> set[str]:
    """The further readings of a text that hides words: by digits for letters, spaced or repeated letters."""
    bare = plain(text)
    together = SPACED.sub(lambda match: "".join(c for c in match[0] if c.isalnum() or c in LEET_SIGNS), bare)
    forms = {REPEATED.sub(r"\1", together), REPEATED.sub(r"\1\1", together)}
    return {NOT_A_WORD.sub(" ", _without_leet(form)).strip() for form in forms}


def unmask(phrase: str) -> str:
    """A phrase as it would stand in one of the `disguised` readings."""
    return NOT_A_WORD.sub(" ", " ".join(map(_unleet, plain(phrase).split()))).strip()


def skeleton(name: str) -> str:
    """A name without anything that can be varied while it looks the same: spaces and signs go, too."""
    return "".join(skeletons(name))


def skeletons(name: str) -> list[str]:
    """That of each of its words, as they stand between spaces."""
    return [word for typed in plain(name).split() if (word := NOT_A_WORD.sub("", _unleet(typed)))]


def plain(text: str) -> str:
    """Lower case, without accents and invisible characters, look-alikes as Latin letters; spaces and signs as they were."""
    # Folding case can bring out what decomposes once more (ŉ, İ): hence twice.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text.translate(SENTENCES)).casefold())
    text = "".join(
        c for c in text if (unicodedata.category(c) not in {"Mn", "Me", "Cf", "Cc"} and c not in FILLERS) or c in "\n\t"
    )
    return text.translate(_look_alikes())


def _without_leet(text: str) -> str:
    # A number is a number: only in a word do digits stand for letters.
    return TOKEN.sub(lambda token: _unleet(token[0]) if HAS_LETTER.search(token[0]) else token[0], text)


def _unleet(word: str) -> str:
    word = word.lstrip("¡")
    core = word.rstrip("!|+.,;:?")  # at the edge of a word they are what they are
    return core.translate(LEET) + word[len(core) :].replace("!", " ").replace("|", " ").replace("+", " ")


@cache
def _look_alikes() -> dict[int, str]:
    """Letters of other scripts that look like one of a to z, small or as capitals (Unicode's confusables, UTS #39)."""
    latin: dict[str, str] = {}
    # Read here and let go: all that the library has takes 7 MB of each process.
    for char, looks_like in load("confusables.json").items():
        if len(char) != 1 or char.isascii() or not char.isalpha() or unicodedata.normalize("NFKD", char) != char:
            continue
        letters = {other["c"].casefold() for other in looks_like if len(other["c"]) == 1 and other["c"].isascii()}
        if letters := {letter for letter in letters if letter.isalpha()}:
            latin[char] = min(letters)
    # A capital that looks Latin takes its small letter along: a word must fold alike in both cases.
    for code in range(0x250, 0xA7B0):
        name = unicodedata.name(chr(code), "")
        if name.startswith(SMALL_CAPITAL) and len(name) == len(SMALL_CAPITAL) + 1:
            latin[chr(code)] = name[-1].lower()
    small = {char.casefold(): letter for char, letter in latin.items() if len(char.casefold()) == 1}
    return {
        ord(char): letter for char, letter in (small | {c: v for c, v in latin.items() if c == c.casefold()}).items()
    }
