"""What differs between two versions, for people: words in texts, names in lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from articles.body import plain_text
from articles.editing.snapshot import LABELS, Snapshot
from articles.models.contributor import Byline, Contributor
from articles.models.image import Image
from articles.models.section import Section

BLOCK = re.compile(r"</(?:p|h\d|li|blockquote|figure|tr|aside)>", re.IGNORECASE)
WORDS = re.compile(r"\s+|[^\s]+")
#: Lines that share less are another line: shown one after the other, not shredded.
LITTLE_IN_COMMON = 0.5


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
    for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
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
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    if matcher.ratio() < LITTLE_IN_COMMON:
        return f"<del>{escape(before)}</del> <ins>{escape(after)}</ins>"
    parts: list[str] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            parts.append(escape("".join(old[a:b])))
            continue
        if b > a:
            parts.append(f"<del>{escape(''.join(old[a:b]))}</del>")
        if d > c:
            parts.append(f"<ins>{escape(''.join(new[c:d]))}</ins>")
    return "".join(parts)


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
                return [line for block in BLOCK.split(value) if (line := plain_text(block).strip())]
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
            case _:
                return str(value).splitlines()
