"""Two editors, one story: what each has changed since the version that both began from becomes one text, or a question."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from articles.editing.snapshot import LABELS, TAG_NUMBERS, Snapshot

MINE, THEIRS = "mine", "theirs"


@dataclass
class Merge:
    """`result` holds mine where both sides have changed a field otherwise: these are in `conflicts`."""

    result: Snapshot
    #: Fields that only the other side has changed, which are taken over.
    taken: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def merge(base: Snapshot | None, mine: Snapshot, theirs: Snapshot, choices: dict[str, str] | None = None) -> Merge:
    """Merge field by field; `choices` says MINE or THEIRS for fields that were asked about.

    Without a base everything that differs is asked about.
    """
    merged, choices = Merge(dict(mine)), choices or {}
    merged.result[TAG_NUMBERS] = mine.get(TAG_NUMBERS, {}) | theirs.get(TAG_NUMBERS, {})
    for name in LABELS:
        before = base.get(name) if base else None
        ours, others = mine[name], theirs[name]
        if ours == others or (base and others == before):
            continue
        if base and ours == before:
            merged.result[name] = others
            merged.taken.append(name)
        elif name == "tags" and base:
            merged.result[name] = _merged_set(before, ours, others)
            if merged.result[name] != ours:
                merged.taken.append(name)
        elif choices.get(name) == THEIRS:
            merged.result[name] = others
        elif choices.get(name) != MINE:
            merged.conflicts.append(name)
    return merged


def _merged_set(before: Any, ours: list[str], others: list[str]) -> list[str]:
    """What either has added, without what either has taken off."""
    kept = set(before) & set(ours) & set(others)
    return sorted(kept | (set(ours) - set(before)) | (set(others) - set(before)))
