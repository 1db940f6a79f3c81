"""What differs between two versions, for people: words in texts, names in lists."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from articles import newsroom_time
from articles.body import plain_text
from articles.body.sanitise import with_plain_cells
from articles.editing.snapshot import LABELS, Snapshot
from articles.models.contributor import Byline, Contributor
from articles.models.image import Image
from articles.models.section import Section

BLOCK = re.compile(r"</(?:p|h\d|li|blockquote|figure|tr|aside)>", re.IGNORECASE)
#: A word with the space behind it: spaces alone, which all texts share, would be compared each with each.
WORDS = re.compile(r"\S+\s*|\s+")
#: Lines that share less are another line: shown one after the other, not shredded.
LITTLE_IN_COMMON = 0.5
#: Of pairs of the same word on both sides: difflib's work grows with them. What has more is cut at words that stand once on each
#: side, and what has none of these, or not after so many cuts, is shown as replaced.
MOST_PAIRS, MOST_CUTS = 5_000, 8


@dataclass(frozen=True)
class Change:
    """One field: its label, and both sides' words with <ins> and <del>."""

    name: str
    label: str
    html: SafeString


def changes(before: Snapshot | None, after: Snapshot) -> list[Change]:
    """The fields that differ, in the order of a desk. Without a before, everything that is not empty."""
    names = _Names(before, after)
    found = []
    for name, label in LABELS.items():
        was, now = (before or {}).get(name), after.get(name)
        if was == now or (before is None and not now):
            continue
        html = diff_of_lines(names.told(name, was), names.told(name, now))
        if name == "body" and "<ins>" not in html and "<del>" not in html:
            html = mark_safe("Only the form has changed, not a word.")
        found.append(Change(name, label, html))
    return found


def in_words(snapshot: Snapshot, name: str) -> str:
    """One field of a snapshot as text: names for numbers, a line each."""
    return "\n".join(_Names(snapshot).told(name, snapshot.get(name)))


def diff_of_lines(before: list[str], after: list[str]) -> SafeString:
    """Line by line, and word by word within lines that replace each other."""
    lines: list[str] = []
    for tag, a, b, c, d in opcodes_of(before, after):
        if tag == "equal":
            lines += [escape(line) for line in before[a:b]]
        elif tag == "replace" and b - a == d - c:
            lines += [diff_of_words(old, new) for old, new in zip(before[a:b], after[c:d], strict=True)]
        else:
            lines += [f"<del>{escape(line)}</del>" for line in before[a:b]]
            lines += [f"<ins>{escape(line)}</ins>" for line in after[c:d]]
    return mark_safe("".join(f"<p>{line}</p>" for line in lines))


def diff_of_words(before: str, after: str) -> str:
    old, new = WORDS.findall(before), WORDS.findall(after)
    # How much they can share at most is known at once; only then it is worth looking where.
    shared = (Counter(old) & Counter(new)).total()
    opcodes = opcodes_of(old, new) if 2 * shared >= LITTLE_IN_COMMON * (len(old) + len(new)) else []
    equal = sum(b - a for tag, a, b, _, _ in opcodes if tag == "equal")
    if 2 * equal < LITTLE_IN_COMMON * (len(old) + len(new)):
        return f"<del>{escape(before)}</del> <ins>{escape(after)}</ins>"
    parts: list[str] = []
    for tag, a, b, c, d in opcodes:
        if tag == "equal":
            parts.append(escape("".join(old[a:b])))
            continue
        if b > a:
            parts.append(f"<del>{escape(''.join(old[a:b]))}</del>")
        if d > c:
            parts.append(f"<ins>{escape(''.join(new[c:d]))}</ins>")
    return "".join(parts)


def opcodes_of(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    """What difflib says of two lists, at a bounded cost: readers ask for this as well (PUBLIC_VERSIONS)."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    inside = _shared(old[start : len(old) - end], new[start : len(new) - end])
    blocks = [(0, 0, start), *((a + start, b + start, size) for a, b, size in inside)]
    blocks += [(len(old) - end, len(new) - end, end), (len(old), len(new), 0)]
    opcodes: list[tuple[str, int, int, int, int]] = []
    i = j = 0
    for a, b, size in blocks:
        if i < a or j < b:
            opcodes.append(("replace" if i < a and j < b else "delete" if i < a else "insert", i, a, j, b))
        if size and opcodes and opcodes[-1][0] == "equal":
            opcodes[-1] = ("equal", opcodes[-1][1], a + size, opcodes[-1][3], b + size)
        elif size:
            opcodes.append(("equal", a, a + size, b, b + size))
        i, j = a + size, b + size
    return opcodes


def _shared(left: list[str], right: list[str], cuts: int = MOST_CUTS) -> list[tuple[int, int, int]]:
    """Runs that both have, in order: (where on the left, where on the right, how long)."""
    on_left, on_right = Counter(left), Counter(right)
    if sum(count * on_right[word] for word, count in on_left.items()) <= MOST_PAIRS:
        matcher = SequenceMatcher(None, left, right, autojunk=False)
        return [(block.a, block.b, block.size) for block in matcher.get_matching_blocks() if block.size]
    places = {word: n for n, word in enumerate(right) if on_right[word] == 1}
    once = [(n, places[word]) for n, word in enumerate(left) if on_left[word] == 1 and word in places]
    if not once or not cuts:
        return []
    found: list[tuple[int, int, int]] = []
    i = j = 0
    for a, b in [*_rising(once), (len(left), len(right))]:
        found += [(i + x, j + y, size) for x, y, size in _shared(left[i:a], right[j:b], cuts - 1)]
        if a < len(left):
            found.append((a, b, 1))
        i, j = a + 1, b + 1
    return found


def _rising(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most of these pairs, which rise on the left, that rise on the right as well (patience sorting)."""
    tops: list[int] = []
    piles: list[tuple[int, int]] = []
    before: list[int] = []
    ends: list[int] = []
    for n, pair in enumerate(pairs):
        pile = bisect_left(tops, pair[1])
        if pile == len(tops):
            tops.append(pair[1])
            ends.append(n)
        else:
            tops[pile], ends[pile] = pair[1], n
        before.append(ends[pile - 1] if pile else -1)
    n = ends[-1] if ends else -1
    while n >= 0:
        piles.append(pairs[n])
        n = before[n]
    return piles[::-1]


class _Names:
    """Names for the numbers that two snapshots hold, in a query each."""

    def __init__(self, *snapshots: Snapshot | None):
        known = [snapshot for snapshot in snapshots if snapshot]
        self.sections = Section.objects.in_bulk([s["section"] for s in known if s.get("section")])
        self.images = Image.objects.in_bulk([s["lead_image"] for s in known if s.get("lead_image")])
        people = {pk for s in known for pk, _ in s.get("bylines", [])}
        self.people = Contributor.objects.in_bulk(people)
        self.roles = dict(Byline.Role.choices)

    def told(self, name: str, value: Any) -> list[str]:
        """A value as lines."""
        if value in (None, "", []):
            return []
        match name:
            case "body":
                return [line for block in BLOCK.split(with_plain_cells(value)) if (line := plain_text(block).strip())]
            case "section":
                return [str(self.sections.get(value, "a section that is gone"))]
            case "lead_image":
                return [str(self.images.get(value, "a picture that is gone"))]
            case "bylines":
                return [
                    f"{self.roles.get(role, role)} {self.people.get(pk, 'somebody who is gone')}" for pk, role in value
                ]
            case "tags":
                return list(value)
            case "publish_at" | "embargo_until":
                local = newsroom_time.local(datetime.datetime.fromisoformat(value))
                return [f"{local:%-d %b %Y, %H:%M:%S %Z}" if local.second else f"{local:%-d %b %Y, %H:%M %Z}"]
            case _:
                return str(value).splitlines()
