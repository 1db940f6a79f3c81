"""Words as frequent as words are, and what is made of them: sentences, names, and paragraphs with all that is derived of them."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from typing import NamedTuple

from django.utils.html import escape

from articles import body
from articles.models import Image
from articles.search import analysis
from comments import text
from newsportal.demo import texts

#: How many words there are: the demo newsroom's, and after them invented ones, each rarer than the one before (Zipf's law).
WORDS = 60_000

ONSETS = (
    "b",
    "br",
    "d",
    "dr",
    "f",
    "g",
    "h",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "sk",
    "st",
    "t",
    "tr",
    "v",
    "č",
    "š",
    "ž",
)
VOWELS = ("a", "e", "i", "o", "u", "á", "é", "ø", "ü", "ö", "í")
CODAS = ("", "", "", "l", "n", "r", "s", "t", "nd", "rk", "sk")  # fmt: skip
FIRST_NAMES = (
    "Adaeze", "Björn", "Chloë", "Dragan", "Élodie", "Faruk", "Güneş", "Håkon", "Ingrid", "José", "Kovačka", "Łucja", "Māra",
    "Nguyễn", "Ørjan", "Paloma", "Quynh", "Renée", "Søren", "Tomás", "Ulrike", "Vladimír", "Wanjiru", "Ximena", "Yağmur",
    "Zoë", "Олена", "Γιώργος", "李明", "نور",
)  # fmt: skip
WORD = re.compile(r"[^\W\d_]{2,}")


class Block(NamedTuple):
    """A part of a body: as it is stored, as readers get it, its words as search has them, and how many one reads."""

    html: str
    rendered: str
    plain: str
    tokens: list[str]
    length: int

    @classmethod
    def of(cls, html: str, images: dict[int, Image] | None = None) -> Block:
        html = body.sanitise(html)
        plain = body.plain_text(html)
        return cls(html, str(body.render(html, images or {})), plain, analysis.tokens(plain), len(plain.split()))


class Remark(NamedTuple):
    """A part of a comment: as it was typed, and as HTML."""

    body: str
    html: str


class Language:
    def __init__(self, seed: str) -> None:
        chance = self.chance = random.Random(f"{seed} language")
        told = Counter(
            word.lower() for _, story in texts.stories() for word in WORD.findall(str(story.get_payload()))
        ).most_common()
        words = dict.fromkeys(word for word, _ in told)
        while len(words) < WORDS:
            words[self._invented(chance.choice((2, 2, 3, 3, 4)))] = None
        self.words = list(words)
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, WORDS + 1)))
        self.surnames = [self._invented(2).capitalize() for _ in range(2_000)]

    def _invented(self, syllables: int) -> str:
        some = self.chance.choice
        return "".join(some(ONSETS) + some(VOWELS) for _ in range(syllables)) + some(CODAS)

    def name(self, chance: random.Random) -> str:
        return f"{chance.choice(FIRST_NAMES)} {chance.choice(self.surnames)}"

    def some(self, chance: random.Random, count: int) -> list[str]:
        """Words, the common ones often."""
        return chance.choices(self.words, cum_weights=self.weights, k=count)

    def rare(self, chance: random.Random) -> str:
        return self.words[int(chance.random() * WORDS)]

    def headline(self, chance: random.Random) -> str:
        words = self.some(chance, chance.randint(4, 8))
        if chance.random() < 0.3:
            words.append(chance.choice(self.surnames))
        return " ".join([*words, self.rare(chance)]).capitalize()[:120].rstrip()

    def sentence(self, chance: random.Random, words: list[str]) -> str:
        middle = len(words) // 2
        if len(words) > 12:
            words[middle] += ","
        if chance.random() < 0.15:
            words += ["said", self.name(chance)]
        return f"{words[0].capitalize()} {' '.join(words[1:])}."

    def sentences(self, chance: random.Random, count: int) -> list[str]:
        return [self.sentence(chance, self.some(chance, chance.randint(7, 22))) for _ in range(count)]

    def block(self, chance: random.Random) -> Block:
        """A paragraph mostly; now and then a heading, a quotation, a list."""
        told: list[str] = [escape(sentence) for sentence in self.sentences(chance, chance.randint(2, 4))]
        match chance.random():
            case n if n < 0.04:
                return Block.of(f"<h2>{told[0]}</h2>")
            case n if n < 0.07:
                return Block.of(f"<blockquote><p>{told[0]}</p></blockquote>")
            case n if n < 0.09:
                return Block.of(f"<ul>{''.join(f'<li>{sentence}</li>' for sentence in told)}</ul>")
            case n if n < 0.11:
                return Block.of(f'<aside class="pullquote"><p>{told[0]}</p></aside>')
            case n if n < 0.2:
                told[0] = f'<a href="https://elsewhere.example/{int(n * 10**6)}">{told[0]}</a>'
            case n if n < 0.3:
                told[-1] = f"<strong>{told[-1]}</strong>"
        return Block.of(f"<p>{' '.join(told)}</p>")

    def own_paragraph(self, chance: random.Random) -> Block:
        """What a story alone says: two sentences, with words that few others have."""
        told = [self.sentence(chance, [*self.some(chance, chance.randint(8, 16)), self.rare(chance)]) for _ in range(2)]
        plain = " ".join(told)
        # Nothing in it needs to be escaped or cleaned.
        html = f"<p>{plain}</p>"
        return Block(html, html, plain, analysis.tokens(plain), len(plain.split()))

    def remark(self, chance: random.Random) -> Remark:
        said = " ".join(self.sentences(chance, chance.choice((1, 1, 2, 3))))
        if chance.random() < 0.05:
            said = f"> {said}"
        return Remark(said, str(text.to_html(said)))
