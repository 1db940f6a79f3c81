"""The sheet that is printed on: inks, halftone, ridges and grain. Coordinates go from 0 to 1, across and down."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageColor, ImageDraw

Point = tuple[float, float]

# paper, light, middle, dark, accent
PALETTES = [
    ("#eef1ee", "#a9c3c9", "#4f8291", "#16303d", "#e2a33b"),
    ("#f1ece1", "#d9b99b", "#a9583c", "#3a2328", "#2f6f7d"),
    ("#e9eef3", "#b4c4d6", "#5b7ea3", "#1b2a44", "#d96f4c"),
    ("#f0efe4", "#bfc9a0", "#6f8748", "#26331f", "#c8553d"),
    ("#f3e9e6", "#dcb0ab", "#a8606c", "#3b2233", "#e0a843"),
    ("#e8edf0", "#93b1b8", "#3f7078", "#122a2e", "#efc451"),
    ("#f2ecdc", "#dfc078", "#b07e2e", "#402c17", "#2e6a80"),
    ("#eceaf2", "#b9b3d0", "#6e659c", "#272345", "#e08a5a"),
    ("#edf0ea", "#a7c4ae", "#4c8065", "#173229", "#dd6a55"),
    ("#f1eeea", "#c4bdb3", "#7c7d80", "#24282d", "#d8542f"),
]


def mix(one: str, other: str, part: float) -> str:
    """A colour on the way from one to the other; 0 is the first."""
    a, b = ImageColor.getrgb(one), ImageColor.getrgb(other)
    return "#{:02x}{:02x}{:02x}".format(*(round(x + (y - x) * part) for x, y in zip(a, b, strict=True)))


class Sheet:
    """One picture in the making. `random` is its only source of chance."""

    def __init__(self, size: tuple[int, int], chance: random.Random) -> None:
        self.width, self.height = size
        self.random = chance
        self.paper, self.light, self.middle, self.dark, self.accent = chance.choice(PALETTES)
        self.image = Image.new("RGB", size, self.paper)
        self.pen = ImageDraw.Draw(self.image)

    # --- Measures ---

    def at(self, x: float, y: float) -> tuple[float, float]:
        return x * self.width, y * self.height

    def span(self, length: float) -> float:
        """A length in parts of the height, in pixels."""
        return length * self.height

    def between(self, low: float, high: float) -> float:
        return self.random.uniform(low, high)

    # --- Shapes ---

    def shape(self, points: Sequence[Point], ink: str) -> None:
        self.pen.polygon([self.at(*point) for point in points], fill=ink)

    def box(self, left: float, top: float, right: float, bottom: float, ink: str) -> None:
        if right > left and bottom > top:
            self.pen.rectangle([*self.at(left, top), *self.at(right, bottom)], fill=ink)

    def disc(self, x: float, y: float, radius: float, ink: str, flat: float = 1) -> None:
        """`radius` in parts of the height; `flat` squeezes it from above."""
        (cx, cy), r = self.at(x, y), self.span(radius)
        self.pen.ellipse([cx - r, cy - r * flat, cx + r, cy + r * flat], fill=ink)

    def line(self, points: Sequence[Point], ink: str, weight: float = 0.004) -> None:
        self.pen.line(
            [self.at(*point) for point in points], fill=ink, width=max(1, round(self.span(weight))), joint="curve"
        )

    def ridge(self, base: float, rough: float, ink: str, *, steps: int = 7, bottom: float = 1) -> list[Point]:
        """A land that ends above in a broken line around `base`; returns that line."""
        heights = [base + self.between(-rough, rough), base + self.between(-rough, rough)]
        swing = rough
        for _ in range(steps):
            swing *= 0.52
            broken = [heights[0]]
            for one, other in itertools.pairwise(heights):
                broken += [(one + other) / 2 + self.between(-swing, swing), other]
            heights = broken
        top = [(n / (len(heights) - 1), y) for n, y in enumerate(heights)]
        self.shape([*top, (1, bottom), (0, bottom)], ink)
        return top

    def wave(self, base: float, height: float, length: float, ink: str, *, bottom: float = 1) -> None:
        start = self.between(0, math.tau)
        top = [(n / 120, base + height * math.sin(start + n / 120 * math.tau / length)) for n in range(121)]
        self.shape([*top, (1, bottom), (0, bottom)], ink)

    # --- Halftone ---

    def halftone(
        self,
        ink: str,
        *,
        box: tuple[float, float, float, float] = (0, 0, 1, 1),
        up: bool = False,
        strength: float = 0.8,
    ) -> None:
        """Dots that grow from nothing at the top of the box to `strength` at its bottom; `up` turns it round."""
        left, top, right, bottom = (round(v) for v in (*self.at(*box[:2]), *self.at(*box[2:])))
        if right - left < 2 or bottom - top < 2:
            return
        pitch = max(3, round(self.span(0.011)))
        mask = Image.new("L", (right - left, bottom - top), 0)
        pen = ImageDraw.Draw(mask)
        rows = range(0, bottom - top + pitch, pitch)
        for row, y in enumerate(rows):
            part = y / (bottom - top)
            radius = pitch * 0.72 * math.sqrt(max(0.0, (1 - part) if up else part) * strength)
            if radius >= 0.4:
                for x in range(-(pitch // 2) * (row % 2), right - left + pitch, pitch):
                    pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
        self.image.paste(ink, (left, top), mask)

    def sky(self) -> None:
        """A day, an evening or a grey morning, with or without a sun."""
        ground, dots = self.random.choice(
            [(self.paper, self.light), (self.light, self.middle), (self.paper, self.accent), (self.light, self.paper)]
        )
        self.pen.rectangle([0, 0, self.width, self.height], fill=ground)
        self.halftone(dots, box=(0, 0, 1, 0.75), up=self.random.random() < 0.6, strength=self.between(0.35, 0.75))
        if self.random.random() < 0.7:
            self.disc(
                self.between(0.15, 0.85),
                self.between(0.12, 0.4),
                self.between(0.05, 0.13),
                self.random.choice([self.accent, self.paper]),
            )

    # --- The print ---

    def printed(self) -> Image.Image:
        """The finished sheet: an ink a little out of place, and the grain of the paper."""
        shift = max(1, round(self.span(0.0018)))
        red, green, blue = self.image.split()
        image = Image.merge("RGB", (ImageChops.offset(red, shift, 0), green, blue))
        tile = Image.frombytes("L", (256, 256), self.random.randbytes(65536)).point([118 + v // 11 for v in range(256)])
        grain = Image.new("L", image.size)
        for x in range(0, self.width, 256):
            for y in range(0, self.height, 256):
                grain.paste(tile, (x, y))
        return ImageChops.overlay(image, Image.merge("RGB", [grain] * 3))
