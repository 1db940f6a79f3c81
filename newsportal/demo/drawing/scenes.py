"""Places: land, water, weather and towns, in layers from the back to the front."""

from __future__ import annotations

import itertools

from newsportal.demo.drawing.sheet import Sheet, mix


def _layers(s: Sheet, count: int, top: float, bottom: float, rough: float) -> list[list[tuple[float, float]]]:
    tops = []
    for n in range(count):
        part = n / max(1, count - 1)
        ink = mix(s.light, s.dark, 0.15 + 0.8 * part)
        tops.append(s.ridge(top + (bottom - top) * part, rough * (1 - 0.5 * part), ink))
    return tops


def landscape(s: Sheet) -> None:
    s.sky()
    _layers(s, s.random.randint(4, 6), s.between(0.35, 0.5), 0.85, s.between(0.06, 0.12))
    s.halftone(s.dark, box=(0, 0.7, 1, 1), strength=0.5)
    for _ in range(s.random.randint(2, 6)):
        _tree(s, s.between(0, 1), s.between(0.78, 0.9), s.between(0.05, 0.12), s.dark)


def mountains(s: Sheet) -> None:
    s.sky()
    for n in range(4):
        base, ink = 0.42 + n * 0.15, mix(s.light, s.dark, 0.1 + n * 0.28)
        x = s.between(-0.2, 0)
        while x < 1.1:
            wide, tall = s.between(0.16, 0.36), s.between(0.14, 0.34) * (1.2 - n * 0.22)
            peak = x + wide * s.between(0.4, 0.6)
            s.shape([(x, base + 0.1), (peak, base - tall), (x + wide, base + 0.1)], ink)
            s.shape(
                [
                    (peak, base - tall),
                    (peak + wide * 0.16, base - tall * 0.5),
                    (peak + wide * 0.02, base - tall * 0.62),
                    (peak - wide * 0.1, base - tall * 0.55),
                ],
                s.paper if n < 3 else s.light,
            )
            x += wide * s.between(0.5, 0.8)
        s.box(0, base + 0.09, 1, 1, ink)
    s.halftone(s.dark, box=(0, 0.75, 1, 1), strength=0.6)


def _water(s: Sheet, top: float) -> None:
    for n in range(9):
        y = top + (1 - top) * n / 9
        s.wave(
            y,
            0.004 + 0.003 * n,
            s.between(0.08, 0.2) + 0.02 * n,
            mix(s.light, s.middle if n < 5 else s.dark, 0.2 + 0.08 * n),
        )
    for _ in range(26):
        y = s.between(top + 0.02, 0.98)
        x, length = s.between(0, 1), s.between(0.02, 0.12) * (0.4 + y)
        s.line([(x, y), (x + length, y)], s.paper, 0.002 + 0.002 * y)


def sea(s: Sheet) -> None:
    s.sky()
    top = s.between(0.35, 0.6)
    _water(s, top)
    if s.random.random() < 0.7:
        _boat(s, s.between(0.2, 0.8), top + s.between(0.03, 0.2), s.between(0.06, 0.14))


def _boat(s: Sheet, x: float, y: float, size: float) -> None:
    s.shape([(x - size, y), (x + size, y), (x + size * 0.75, y + size * 0.4), (x - size * 0.8, y + size * 0.4)], s.dark)
    if s.random.random() < 0.5:
        s.line([(x, y), (x, y - size * 1.8)], s.dark, 0.005)
        s.shape([(x + 0.004, y - size * 1.7), (x + size * 0.8, y - size * 0.15), (x + 0.004, y - size * 0.15)], s.paper)
        s.shape(
            [(x - 0.006, y - size * 1.5), (x - size * 0.55, y - size * 0.15), (x - 0.006, y - size * 0.15)], s.accent
        )
    else:
        s.box(x - size * 0.5, y - size * 0.45, x + size * 0.15, y, s.paper)
        s.box(x - size * 0.35, y - size * 0.95, x - size * 0.15, y - size * 0.45, s.accent)


def harbour(s: Sheet) -> None:
    s.sky()
    _skyline(s, 0.5, 0.16, s.middle)
    _water(s, 0.5)
    for _ in range(s.random.randint(1, 3)):
        _crane(s, s.between(0.08, 0.9), 0.52, s.between(0.2, 0.4))
    for n in range(s.random.randint(2, 4)):
        _boat(s, s.between(0.1, 0.9), 0.6 + n * 0.09, 0.05 + 0.025 * n)
    s.box(0, 0.93, 1, 1, s.dark)
    for n in range(9):
        s.box(0.05 + n * 0.115, 0.88, 0.065 + n * 0.115, 0.94, s.dark)


def _crane(s: Sheet, x: float, y: float, tall: float) -> None:
    for leg in (-0.03, 0.03):
        s.line([(x + leg, y), (x + leg * 0.4, y - tall)], s.dark, 0.009)
    for n in range(5):
        s.line([(x - 0.025, y - tall * n / 5), (x + 0.02, y - tall * (n + 1) / 5)], s.dark, 0.004)
    way = s.random.choice([-1, 1])
    s.line([(x - way * 0.05, y - tall), (x + way * 0.19, y - tall * 1.12)], s.accent, 0.012)
    s.line([(x + way * 0.15, y - tall * 1.09), (x + way * 0.15, y - tall * 0.6)], s.dark, 0.003)
    s.box(x + way * 0.15 - 0.02, y - tall * 0.6, x + way * 0.15 + 0.02, y - tall * 0.48, s.accent)


def _skyline(s: Sheet, base: float, tall: float, ink: str, *, lit: str | None = None, gables: bool = True) -> None:
    x = -0.02
    while x < 1:
        wide, high = s.between(0.035, 0.09), s.between(tall * 0.35, tall)
        s.box(x, base - high, x + wide, base, ink)
        if gables and s.random.random() < 0.6:
            s.shape(
                [(x - 0.003, base - high), (x + wide / 2, base - high - wide * 0.8), (x + wide + 0.003, base - high)],
                mix(ink, s.dark, 0.35),
            )
        for column in range(int(wide / 0.022)):
            for row in range(int(high / 0.05)):
                if s.random.random() < 0.55:
                    left, top = x + 0.008 + column * 0.022, base - high + 0.018 + row * 0.05
                    s.box(left, top, left + 0.009, top + 0.02, lit or mix(ink, s.paper, 0.45))
        x += wide + s.between(-0.003, 0.006)


def city(s: Sheet) -> None:
    s.sky()
    for n in range(3):
        _skyline(s, 0.62 + n * 0.16, 0.4 - n * 0.07, mix(s.light, s.dark, 0.2 + n * 0.3))
        s.box(0, 0.62 + n * 0.16, 1, 1, mix(s.light, s.dark, 0.2 + n * 0.3))
    s.halftone(s.dark, box=(0, 0.8, 1, 1), strength=0.7)


def night_city(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.dark)
    s.halftone(s.middle, box=(0, 0, 1, 0.6), strength=0.55)
    s.disc(s.between(0.15, 0.85), s.between(0.14, 0.3), s.between(0.05, 0.09), s.paper)
    for n in range(2):
        _skyline(s, 0.66 + n * 0.12, 0.36 - n * 0.1, mix(s.middle, s.dark, 0.4 + n * 0.35), lit=s.accent)
    s.box(0, 0.78, 1, 1, mix(s.dark, "#000000", 0.3))
    for _ in range(110):
        x, y = s.between(0, 1), s.between(0.8, 0.99)
        size = 0.006 + (y - 0.8) * 0.07
        s.disc(x, y, size, mix(s.dark, s.middle, s.between(0, 0.6)))
        if s.random.random() < 0.35:
            s.disc(x + size * 0.6, y - size * 1.6, size * 0.4, s.accent)


def _tree(s: Sheet, x: float, y: float, tall: float, ink: str) -> None:
    s.line([(x, y), (x, y - tall)], ink, 0.006)
    if s.random.random() < 0.5:
        for n in range(4):
            half = tall * (0.32 - n * 0.06)
            s.shape(
                [
                    (x - half, y - tall * (0.15 + n * 0.24)),
                    (x, y - tall * (0.62 + n * 0.2)),
                    (x + half, y - tall * (0.15 + n * 0.24)),
                ],
                ink,
            )
    else:
        for _ in range(6):
            s.disc(x + s.between(-0.3, 0.3) * tall, y - tall * s.between(0.7, 1.1), tall * s.between(0.16, 0.3), ink)


def forest(s: Sheet) -> None:
    s.sky()
    for n in range(5):
        ink = mix(s.light, s.dark, 0.15 + n * 0.2)
        base = 0.5 + n * 0.12
        s.ridge(base, 0.03, ink)
        for _ in range(26 - n * 4):
            _tree(s, s.between(-0.05, 1.05), base + s.between(0, 0.06), s.between(0.1, 0.18) * (1 + n * 0.45), ink)


def fields(s: Sheet) -> None:
    s.sky()
    _layers(s, 2, 0.42, 0.48, 0.04)
    middle = s.between(0.3, 0.7)
    inks = [s.light, s.middle, s.accent, s.paper, mix(s.middle, s.dark, 0.4)]
    edges = [-1.6 + n * 0.4 + s.between(-0.08, 0.08) for n in range(11)]
    for n, (one, other) in enumerate(itertools.pairwise(edges)):
        s.shape(
            [
                (middle + one * 0.12, 0.5),
                (middle + other * 0.12, 0.5),
                (middle + other * 2, 1.02),
                (middle + one * 2, 1.02),
            ],
            inks[n % len(inks)],
        )
    s.halftone(s.dark, box=(0, 0.55, 1, 1), strength=0.35)
    _tree(s, s.between(0.1, 0.9), 0.55, 0.14, s.dark)


def river(s: Sheet) -> None:
    s.sky()
    _layers(s, 3, 0.38, 0.55, 0.07)
    s.box(0, 0.56, 1, 1, mix(s.middle, s.dark, 0.35))
    bend = [
        (0.5 + s.between(-0.2, 0.2), 0.56),
        (0.5 + s.between(-0.15, 0.15), 0.66),
        (0.5 + s.between(-0.25, 0.25), 0.8),
        (0.5 + s.between(-0.2, 0.2), 1.01),
    ]
    widths = [0.015, 0.04, 0.12, 0.3]
    s.shape(
        [(x - w, y) for (x, y), w in zip(bend, widths, strict=True)]
        + [(x + w, y) for (x, y), w in zip(bend[::-1], widths[::-1], strict=True)],
        s.light,
    )
    for _ in range(20):
        y = s.between(0.62, 0.98)
        s.line([(bend[2][0] - 0.05, y), (bend[2][0] + s.between(0, 0.07), y)], s.paper, 0.003)
    for _ in range(8):
        _tree(
            s,
            s.random.choice([s.between(0, 0.22), s.between(0.78, 1)]),
            s.between(0.6, 0.95),
            s.between(0.08, 0.2),
            s.dark,
        )


def desert(s: Sheet) -> None:
    s.sky()
    for n in range(5):
        s.wave(
            0.5 + n * 0.11,
            0.03 + 0.012 * n,
            s.between(0.5, 1.1),
            mix(s.light if n % 2 else s.accent, s.dark, 0.06 + n * 0.13),
        )
        s.halftone(s.dark, box=(0, 0.55 + n * 0.1, 1, 0.7 + n * 0.1), strength=0.12)


def storm(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.middle)
    s.halftone(s.dark, box=(0, 0, 1, 0.6), up=True, strength=1)
    for _ in range(26):
        s.disc(
            s.between(-0.1, 1.1),
            s.between(0, 0.28),
            s.between(0.06, 0.16),
            mix(s.middle, s.dark, s.between(0.3, 0.9)),
            0.55,
        )
    _water(s, 0.62)
    slant = s.between(0.03, 0.1)
    for _ in range(150):
        x, y = s.between(-0.1, 1.1), s.between(0.2, 0.9)
        s.line([(x, y), (x - slant * 0.6, y + 0.07)], s.light, 0.0025)
    if s.random.random() < 0.6:
        x = s.between(0.2, 0.8)
        s.line([(x, 0.2), (x - 0.03, 0.36), (x + 0.02, 0.38), (x - 0.04, 0.62)], s.accent, 0.01)


def snow(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.light)
    s.halftone(s.middle, box=(0, 0, 1, 0.8), up=True, strength=0.6)
    for n in range(3):
        s.ridge(0.55 + n * 0.15, 0.06, mix(s.paper, s.light, 0.6 - n * 0.3))
        for _ in range(6):
            _tree(
                s,
                s.between(0, 1),
                0.6 + n * 0.15,
                s.between(0.1, 0.2) * (1 + n * 0.3),
                mix(s.middle, s.dark, 0.3 + n * 0.3),
            )
    for _ in range(170):
        s.disc(s.between(0, 1), s.between(0, 1), s.between(0.002, 0.008), s.paper)


def bridge(s: Sheet) -> None:
    s.sky()
    _skyline(s, 0.62, 0.14, s.light)
    _water(s, 0.62)
    deck = s.between(0.5, 0.58)
    towers = [s.between(0.2, 0.32), s.between(0.68, 0.8)]
    s.box(0, deck, 1, deck + 0.025, s.dark)
    for x in towers:
        s.box(x - 0.012, deck - 0.34, x + 0.012, 0.72, s.dark)
    anchors = [(0.0, deck), (towers[0], deck - 0.34), (0.5, deck - 0.03), (towers[1], deck - 0.34), (1.0, deck)]
    for (x1, y1), (x2, y2) in itertools.pairwise(anchors):
        curve = [(x1 + (x2 - x1) * n / 20, y1 + (y2 - y1) * (n / 20) ** (2 if y1 > y2 else 0.5)) for n in range(21)]
        s.line(curve, s.accent, 0.007)
        for x, y in curve[::2]:
            s.line([(x, y), (x, deck)], s.dark, 0.0025)


def lighthouse(s: Sheet) -> None:
    s.sky()
    _water(s, 0.6)
    x = s.between(0.25, 0.75)
    s.ridge(0.82, 0.05, s.dark)
    s.shape([(x - 0.2, 0.9), (x - 0.1, 0.7), (x + 0.12, 0.69), (x + 0.24, 0.9)], s.dark)
    for n in range(5):
        top, low = 0.26 + n * 0.09, 0.35 + n * 0.09
        s.shape(
            [
                (x - 0.026 - n * 0.004, top),
                (x + 0.026 + n * 0.004, top),
                (x + 0.03 + n * 0.004, low),
                (x - 0.03 - n * 0.004, low),
            ],
            s.accent if n % 2 else s.paper,
        )
    s.box(x - 0.035, 0.245, x + 0.035, 0.265, s.dark)
    s.box(x - 0.018, 0.18, x + 0.018, 0.245, s.accent)
    s.shape([(x - 0.026, 0.18), (x, 0.13), (x + 0.026, 0.18)], s.dark)
    for y in (-0.1, 0.05):
        s.line([(x + 0.02, 0.21), (1, 0.21 + y)], s.paper, 0.004)


def birds(s: Sheet) -> None:
    s.sky()
    if s.random.random() < 0.6:
        _water(s, s.between(0.65, 0.8))
    else:
        _layers(s, 3, 0.68, 0.88, 0.06)
    for _ in range(s.random.randint(5, 14)):
        x, y, r = s.between(0.05, 0.95), s.between(0.08, 0.65), s.between(0.03, 0.12)
        lift = s.between(0.2, 0.7)
        for way in (-1, 1):
            s.shape(
                [
                    (x, y),
                    (x + way * r * 0.6, y - r * lift),
                    (x + way * r * 1.15, y - r * lift * 0.5),
                    (x + way * r * 0.55, y - r * lift * 0.55),
                ],
                s.paper,
            )
            s.shape(
                [
                    (x + way * r * 0.85, y - r * lift * 0.75),
                    (x + way * r * 1.15, y - r * lift * 0.5),
                    (x + way * r * 0.82, y - r * lift * 0.55),
                ],
                s.dark,
            )
        s.disc(x, y, r * 0.16, s.paper, 0.7)


def tram(s: Sheet) -> None:
    s.sky()
    _skyline(s, 0.72, s.between(0.35, 0.5), s.light)
    s.box(0, 0.72, 1, 1, s.middle)
    s.halftone(s.dark, box=(0, 0.74, 1, 1), strength=0.5)
    left, wide = s.between(0.08, 0.3), s.between(0.45, 0.6)
    s.line([(0, 0.3), (1, 0.3)], s.dark, 0.003)
    s.line([(left + wide * 0.45, 0.3), (left + wide * 0.55, 0.42)], s.dark, 0.006)
    s.box(left, 0.42, left + wide, 0.8, s.accent)
    s.box(left, 0.42, left + wide, 0.45, s.dark)
    count = s.random.randint(4, 7)
    for n in range(count):
        x = left + wide * (n + 0.12) / count
        s.box(x, 0.48, x + wide * 0.76 / count, 0.62, s.paper)
        if s.random.random() < 0.7:
            s.disc(x + wide * 0.38 / count, 0.59, 0.03, s.dark)
    s.box(left, 0.66, left + wide, 0.68, s.paper)
    for x in (0.18, 0.82):
        s.disc(left + wide * x, 0.81, 0.04, s.dark)
    for y in (0.85, 0.88):
        s.line([(0, y), (1, y)], s.dark, 0.005)


RECIPES = {
    "landscape": landscape, "mountains": mountains, "sea": sea, "harbour": harbour, "city": city, "night-city": night_city,
    "forest": forest, "fields": fields, "river": river, "desert": desert, "storm": storm, "snow": snow, "bridge": bridge,
    "lighthouse": lighthouse, "birds": birds, "tram": tram,
}  # fmt: skip
