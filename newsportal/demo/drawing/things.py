"""Things near at hand: people, rooms, machines, and charts."""

from __future__ import annotations

import math

from newsportal.demo.drawing.sheet import Sheet, mix

SKINS = ["#f0c9a6", "#dba97f", "#b97f56", "#8d5a3a", "#6a4029", "#e8b89a"]
HAIRS = ["#22201f", "#4a2f22", "#8a5a2e", "#b9b4ab", "#7a3320"]


def _ground(s: Sheet, ink: str | None = None) -> None:
    s.box(0, 0, 1, 1, ink or s.paper)
    s.halftone(s.light, strength=s.between(0.3, 0.8), up=s.random.random() < 0.5)


def portrait(s: Sheet) -> None:
    _ground(s, s.light)
    ratio = s.height / s.width
    s.disc(
        s.between(0.3, 0.7), s.between(0.35, 0.55), s.between(0.4, 0.52), s.random.choice([s.accent, s.middle, s.paper])
    )
    skin, hair, cloth = s.random.choice(SKINS), s.random.choice(HAIRS), s.random.choice([s.dark, s.middle, s.accent])
    style = s.random.randint(0, 3)
    x, y, r = 0.5 + s.between(-0.04, 0.04), 0.4, 0.19

    def off(length: float) -> float:
        return length * ratio

    if style in {0, 1}:
        s.disc(x, y - 0.02, r * 1.22, hair, 1.12)
    if style == 0:
        s.box(x - off(r * 1.2), y, x + off(r * 1.2), y + s.between(0.2, 0.36), hair)
    s.disc(x, 1.06, 0.42, cloth, 0.82)
    s.box(x - off(0.075), y + 0.1, x + off(0.075), y + 0.32, mix(skin, "#000000", 0.14))
    s.disc(x, y + 0.3, 0.075, mix(skin, "#000000", 0.14), 0.6)
    s.disc(x, y, r, skin, 1.18)
    # The light falls from one side; a face needs no more than that.
    s.shape([(x, y + 0.02), (x + off(0.03), y + 0.075), (x, y + 0.085)], mix(skin, "#000000", 0.22))
    top = [
        (x + off(r * 1.08) * math.cos(a / 20 * math.pi), y - 0.05 - r * 1.12 * math.sin(a / 20 * math.pi))
        for a in range(21)
    ]
    part = s.between(-0.6, 0.6)
    if style != 3:
        s.shape([*top, (x + off(r * part), y - 0.1)], hair)
    else:
        s.shape([*top, (x, y - 0.12)], s.accent if cloth != s.accent else s.dark)
    if style == 2:
        s.disc(x, y + 0.13, r * 0.72, mix(hair, skin, 0.2), 0.62)
        s.disc(x, y + 0.06, r * 0.6, skin, 0.5)
    if s.random.random() < 0.4:
        for way in (-1, 1):
            (cx, cy), w = s.at(x + way * off(0.075), y + 0.01), s.span(0.05)
            s.pen.ellipse([cx - w, cy - w, cx + w, cy + w], outline=s.dark, width=max(1, round(s.span(0.008))))
    s.shape([(x - off(0.12), 0.76), (x, 0.9), (x + off(0.12), 0.76), (x, 0.8)], s.paper)
    s.halftone(s.dark, box=(0, 0.78, 1, 1), strength=0.45)


def market(s: Sheet) -> None:
    _ground(s)
    for row in range(2):
        y, x = 0.28 + row * 0.36, -0.05
        while x < 1:
            wide = s.between(0.18, 0.27)
            ink = s.random.choice([s.accent, s.middle, s.dark])
            s.box(x + 0.01, y, x + wide - 0.01, y + 0.3, mix(s.light, s.dark, 0.25))
            stripes = 7
            for n in range(stripes):
                left, right = x + wide * n / stripes, x + wide * (n + 1) / stripes
                s.shape(
                    [(left + 0.01, y - 0.12), (right, y - 0.12), (right, y + 0.02), (left, y + 0.02)],
                    ink if n % 2 else s.paper,
                )
                s.disc((left + right) / 2, y + 0.02, wide / stripes * 0.75, ink if n % 2 else s.paper, 0.8)
            for n in range(3):
                s.box(
                    x + 0.02 + n * wide * 0.31,
                    y + 0.17,
                    x + 0.02 + (n + 0.85) * wide * 0.31,
                    y + 0.27,
                    mix(s.dark, s.accent, 0.3),
                )
                for m in range(4):
                    s.disc(
                        x + 0.03 + (n + m * 0.2) * wide * 0.31,
                        y + 0.165,
                        0.016,
                        s.random.choice([s.accent, s.paper, s.middle]),
                    )
            x += wide + 0.015
    for _ in range(8):
        x, tall = s.between(0, 1), s.between(0.16, 0.26)
        s.disc(x, 1 - tall, 0.03, s.dark)
        s.disc(x, 1.03, tall * 0.85, s.dark, 1)


def stage(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.dark)
    for _ in range(s.random.randint(2, 4)):
        x, foot = s.between(0.15, 0.85), s.between(0.25, 0.75)
        s.shape([(x, -0.02), (foot - 0.13, 0.8), (foot + 0.13, 0.8)], mix(s.dark, s.accent, s.between(0.3, 0.7)))
        s.disc(foot, 0.8, 0.2, s.paper, 0.22)
    s.box(0, 0.8, 1, 1, mix(s.dark, s.middle, 0.4))
    folds = 14
    for n in range(folds):
        for left in (n * 0.016, 1 - (n + 1) * 0.016):
            s.box(left, 0, left + 0.016, 0.86, mix(s.accent, s.dark, 0.15 if n % 2 else 0.5))
    for _ in range(s.random.randint(1, 4)):
        x, tall = s.between(0.28, 0.72), s.between(0.2, 0.3)
        s.disc(x, 0.8 - tall, 0.035, s.paper)
        s.shape(
            [(x - 0.012, 0.82 - tall), (x + 0.012, 0.82 - tall), (x + 0.045, 0.81), (x - 0.045, 0.81)],
            s.random.choice([s.light, s.middle, s.accent]),
        )
    for n in range(17):
        s.disc(n / 16, 1.01, 0.05, mix(s.dark, "#000000", 0.35))
    s.halftone(s.middle, box=(0, 0, 1, 0.3), up=True, strength=0.35)


def stadium(s: Sheet) -> None:
    s.sky()
    for n in range(6):
        y = 0.32 + n * 0.05
        ink = mix(s.light, s.dark, 0.2 + n * 0.12)
        s.shape([(0, y - 0.1), (0.5, y), (1, y - 0.1), (1, 0.7), (0, 0.7)], ink)
        for _ in range(90):
            x = s.between(0, 1)
            s.disc(
                x,
                y + 0.02 - 0.2 * abs(x - 0.5) + s.between(-0.01, 0.02),
                0.006,
                s.random.choice([s.paper, s.accent, s.light]),
            )
    s.shape([(0.02, 0.62), (0.98, 0.62), (1.3, 1.02), (-0.3, 1.02)], s.middle)
    for n in range(0, 8, 2):
        s.shape(
            [(0.02 + n * 0.12, 0.62), (0.14 + n * 0.12, 0.62), (-0.1 + (n + 1) * 0.2, 1.02), (-0.3 + n * 0.2, 1.02)],
            mix(s.middle, s.dark, 0.16),
        )
    s.line([(0.5, 0.62), (0.5, 1)], s.paper, 0.006)
    (cx, cy), w, h = s.at(0.5, 0.8), s.span(0.2), s.span(0.09)
    s.pen.ellipse([cx - w, cy - h, cx + w, cy + h], outline=s.paper, width=max(1, round(s.span(0.006))))
    for x in (0.06, 0.94):
        s.line([(x, 0.5), (x, 0.08)], s.dark, 0.012)
        s.box(x - 0.04, 0.04, x + 0.04, 0.11, s.accent)
    for _ in range(9):
        x, y = s.between(0.15, 0.85), s.between(0.66, 0.93)
        s.disc(x, y - 0.05, 0.012, s.dark)
        s.line([(x, y - 0.04), (x, y)], s.random.choice([s.accent, s.paper]), 0.018)


def observatory(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.dark)
    s.halftone(s.middle, box=(0, 0.25, 1, 0.9), strength=0.6)
    for _ in range(190):
        s.disc(s.between(0, 1), s.between(0, 0.7), s.between(0.001, 0.005), s.paper)
    if s.random.random() < 0.6:
        x, y = s.between(0.1, 0.9), s.between(0.08, 0.3)
        s.shape([(x, y), (x - 0.25, y - 0.06), (x - 0.25, y - 0.02)], s.light)
        s.disc(x, y, 0.018, s.accent)
    s.ridge(0.8, 0.06, mix(s.dark, "#000000", 0.3))
    x, r = s.between(0.3, 0.7), s.between(0.14, 0.22)
    s.box(x - r * 0.62, 0.62, x + r * 0.62, 0.82, s.light)
    s.disc(x, 0.62, r * 0.95, s.paper)
    s.box(x - r * 0.66, 0.625, x + r * 0.66, 0.84, s.light)
    lean = s.between(-0.06, 0.06)
    s.shape(
        [
            (x + lean - 0.02, 0.62 - r),
            (x + lean + 0.02, 0.62 - r),
            (x + lean * 0.4 + 0.02, 0.62),
            (x + lean * 0.4 - 0.02, 0.62),
        ],
        s.dark,
    )
    s.box(x - 0.015, 0.74, x + 0.015, 0.84, s.accent)


def cells(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.light)
    s.halftone(s.paper, strength=0.9)
    for _ in range(s.random.randint(24, 40)):
        x, y, r = s.between(0, 1), s.between(0, 1), s.between(0.04, 0.15)
        ink = s.random.choice([s.middle, s.accent, s.paper, mix(s.light, s.dark, 0.2)])
        flat = s.between(0.7, 1)
        s.disc(x, y, r, mix(ink, s.dark, 0.3), flat)
        s.disc(x, y, r * 0.9, ink, flat)
        s.disc(x + s.between(-0.3, 0.3) * r, y, r * s.between(0.25, 0.45), s.dark)
        for _ in range(6):
            a = s.between(0, math.tau)
            s.disc(x + r * 0.4 * math.cos(a), y + r * 0.6 * flat * math.sin(a), r * 0.06, s.dark)


def machines(s: Sheet) -> None:
    _ground(s)
    for _ in range(s.random.randint(4, 7)):
        x, y, r, teeth = s.between(0.05, 0.95), s.between(0.1, 0.9), s.between(0.1, 0.27), s.random.randint(9, 18)
        ink = s.random.choice([s.dark, s.middle, s.accent])
        edge = []
        for n in range(teeth * 4):
            a, out = n / (teeth * 4) * math.tau, r * (1.14 if n % 4 < 2 else 0.96)
            edge.append((x + out * math.cos(a) * s.height / s.width, y + out * math.sin(a)))
        s.shape(edge, ink)
        s.disc(x, y, r * 0.72, s.paper)
        for n in range(5):
            a = n / 5 * math.tau
            s.line([(x, y), (x + r * 0.8 * math.cos(a) * s.height / s.width, y + r * 0.8 * math.sin(a))], ink, r * 0.13)
        s.disc(x, y, r * 0.2, ink)
    s.halftone(s.dark, box=(0, 0.6, 1, 1), strength=0.3)


def ballot(s: Sheet) -> None:
    _ground(s, s.light)
    left = s.between(0.25, 0.4)
    s.shape([(left, 0.55), (left + 0.36, 0.55), (left + 0.36, 0.95), (left, 0.95)], s.dark)
    s.shape([(left, 0.55), (left + 0.06, 0.46), (left + 0.42, 0.46), (left + 0.36, 0.55)], s.middle)
    s.shape(
        [(left + 0.36, 0.55), (left + 0.42, 0.46), (left + 0.42, 0.86), (left + 0.36, 0.95)],
        mix(s.dark, "#000000", 0.3),
    )
    s.box(left + 0.13, 0.495, left + 0.3, 0.512, mix(s.dark, "#000000", 0.4))
    lean = s.between(-0.05, 0.05)
    s.shape(
        [(left + 0.15 + lean, 0.16), (left + 0.29 + lean, 0.19), (left + 0.275, 0.505), (left + 0.155, 0.505)], s.paper
    )
    for n in range(3):
        y = 0.24 + n * 0.07
        s.line([(left + 0.19 + lean * 0.7, y), (left + 0.25 + lean * 0.7, y + 0.005)], s.middle, 0.008)
    s.line([(left + 0.175 + lean * 0.8, 0.3), (left + 0.185, 0.33), (left + 0.205 + lean * 0.8, 0.26)], s.accent, 0.012)
    for _ in range(s.random.randint(3, 9)):
        x, y = s.between(0, 1), s.between(0.88, 1)
        s.shape([(x, y), (x + 0.08, y - 0.02), (x + 0.1, y + 0.05), (x + 0.02, y + 0.07)], s.paper)


def _axes(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.paper)
    for n in range(6):
        y = 0.16 + n * 0.13
        s.line([(0.1, y), (0.93, y)], s.light, 0.003)
        s.line([(0.085, y), (0.1, y)], s.dark, 0.004)
    s.line([(0.1, 0.12), (0.1, 0.81), (0.93, 0.81)], s.dark, 0.006)


def chart_line(s: Sheet) -> None:
    _axes(s)
    count = s.random.randint(9, 16)
    for n in range(3):
        y, points = s.between(0.3, 0.7), []
        drift = s.between(-0.02, 0.02)
        for m in range(count):
            y = min(0.77, max(0.18, y + drift + s.between(-0.06, 0.06)))
            points.append((0.12 + 0.8 * m / (count - 1), y))
        if n == 2:
            s.shape([*points, (0.92, 0.81), (0.12, 0.81)], mix(s.paper, s.accent, 0.25))
        s.line(points, [s.light, s.middle, s.accent][n], 0.006 + 0.005 * (n == 2))
        if n == 2:
            s.disc(*points[-1], 0.022, s.accent)
            s.disc(*points[-1], 0.01, s.paper)


def chart_bars(s: Sheet) -> None:
    _axes(s)
    count = s.random.randint(6, 12)
    chosen, wide = s.random.randrange(count), 0.8 / count
    for n in range(count):
        x, top = 0.12 + n * wide, s.between(0.2, 0.7)
        s.box(x + wide * 0.14, top, x + wide * 0.86, 0.807, s.accent if n == chosen else mix(s.middle, s.light, 0.35))
        s.line([(x + wide / 2, 0.81), (x + wide / 2, 0.83)], s.dark, 0.004)


def map_(s: Sheet) -> None:
    s.box(0, 0, 1, 1, s.light)
    for n in range(9):
        s.line([(n / 8, 0), (n / 8, 1)], mix(s.light, s.paper, 0.6), 0.003)
        s.line([(0, n / 8), (1, n / 8)], mix(s.light, s.paper, 0.6), 0.003)
    for _ in range(s.random.randint(3, 5)):
        x, y, r = s.between(0.05, 0.95), s.between(0.05, 0.95), s.between(0.16, 0.42)
        coast, swing = [], [s.between(0.05, 0.16) for _ in range(6)]
        turn = [s.between(0, math.tau) for _ in range(6)]
        for n in range(120):
            a = n / 120 * math.tau
            out = r * (1 + sum(w * math.sin((k + 2) * a + t) for k, (w, t) in enumerate(zip(swing, turn, strict=True))))
            coast.append((x + out * math.cos(a) * s.height / s.width, y + out * math.sin(a)))
        for grow, ink in ((1.08, mix(s.light, s.middle, 0.25)), (1, s.paper)):
            s.shape([(x + (px - x) * grow, y + (py - y) * grow) for px, py in coast], ink)
        s.line([*coast, coast[0]], s.dark, 0.004)
        for _ in range(4):
            s.disc(x + s.between(-0.3, 0.3) * r, y + s.between(-0.4, 0.4) * r, 0.009, s.dark)
    start = (s.between(0.1, 0.3), s.between(0.2, 0.8))
    end = (s.between(0.7, 0.9), s.between(0.2, 0.8))
    for n in range(0, 24, 2):
        one, other = n / 24, (n + 1) / 24
        points = [
            (start[0] + (end[0] - start[0]) * t, start[1] + (end[1] - start[1]) * t - 0.12 * math.sin(t * math.pi))
            for t in (one, other)
        ]
        s.line(points, s.accent, 0.009)
    s.disc(*end, 0.026, s.accent)
    s.disc(*end, 0.011, s.paper)


def books(s: Sheet) -> None:
    s.box(0, 0, 1, 1, mix(s.light, s.dark, 0.15))
    shelves = s.random.randint(2, 3)
    for n in range(shelves):
        low = (n + 1) / shelves - 0.035
        tall, x = 1 / shelves - 0.07, 0.01
        while x < 0.99:
            wide, high = s.between(0.018, 0.05), tall * s.between(0.6, 0.96)
            ink = s.random.choice([s.dark, s.middle, s.accent, s.paper, mix(s.middle, s.dark, 0.5)])
            if s.random.random() < 0.1:
                lean = high * 0.18
                s.shape([(x, low), (x + wide, low), (x + wide + lean, low - high), (x + lean, low - high)], ink)
                x += wide + lean + 0.006
                continue
            s.box(x, low - high, x + wide, low, ink)
            band = mix(ink, s.paper, 0.55) if ink != s.paper else s.accent
            for part in (0.14, 0.2, 0.82):
                s.box(x, low - high * (1 - part), x + wide, low - high * (1 - part) + 0.008, band)
            x += wide + 0.004
        s.box(0, low, 1, low + 0.03, s.dark)
    s.halftone(s.dark, strength=0.3)


RECIPES = {
    "market": market, "stage": stage, "stadium": stadium, "observatory": observatory, "cells": cells, "machines": machines,
    "ballot": ballot, "chart-line": chart_line, "chart-bars": chart_bars, "map": map_, "books": books, "portrait": portrait,
}  # fmt: skip
