"""Two editors, one story: what each has changed since the version that both began from becomes one text, or a question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from articles.body.blocks import blocks
from articles.editing.diff import opcodes_of
from articles.editing.snapshot import LABELS, TAG_NUMBERS, Snapshot

MINE, THEIRS = "mine", "theirs"


@dataclass
class Merge:
    """`result` holds mine where both sides have changed a field otherwise: these are in `conflicts`."""

    result: Snapshot
    #: Fields that only the other side has changed, which are taken over.
    taken: list[str] = field(default_factory=list)
    #: Both have changed the text, each of them other paragraphs: `result` has what either has changed.
    has_paragraphs_of_both: bool = False
    conflicts: list[str] = field(default_factory=list)

    @property
    def is_of_both(self) -> bool:
        """Whether anything of the other side has come into mine without a question."""
        return bool(self.taken) or self.has_paragraphs_of_both


def merge(base: Snapshot | None, mine: Snapshot, theirs: Snapshot, choices: dict[str, str] | None = None) -> Merge:
    """Merge field by field; `choices` says MINE or THEIRS for fields that were asked about.

    Without a base everything that differs is asked about.
    """
    merged, choices = Merge(dict(mine)), choices or {}
    merged.result[TAG_NUMBERS] = mine.get(TAG_NUMBERS, {}) | theirs.get(TAG_NUMBERS, {})
    for name in LABELS:
        before: Any = base.get(name) if base else None
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
        elif choices.get(name) == MINE:
            continue
        elif name == "body" and base and (text := merged_text(before, ours, others)) is not None:
            merged.result[name], merged.has_paragraphs_of_both = text, True
        else:
            merged.conflicts.append(name)
    return merged


def _merged_set(before: Any, ours: list[str], others: list[str]) -> list[str]:
    """What either has added, without what either has taken off."""
    kept = set(before) & set(ours) & set(others)
    return sorted(kept | (set(ours) - set(before)) | (set(others) - set(before)))


def merged_text(before: str, ours: str, others: str) -> str | None:
    """A text with what either side has changed of it, where these are different blocks; None where a person has to look.

    As diff3 does it (Khanna, Kunal and Pierce, A formal investigation of diff3, 2007), but that blocks which stand next to each
    other may have been replaced one by each. What would then stand there more often than on either side, such as a paragraph that
    both have moved, is for a person as well.
    """
    old, mine, theirs = blocks(before), blocks(ours), blocks(others)
    edits = {
        (start, end, tuple(new[begin:until]))
        for new in (mine, theirs)
        for kind, start, end, begin, until in opcodes_of(old, new)
        if kind != "equal"
    }
    together: list[str] = []
    at, is_first, is_insertion = 0, True, False
    for start, end, new in sorted(edits):
        if start < at or (start == at and not is_first and (is_insertion or start == end)):
            return None
        together += [*old[at:start], *new]
        at, is_first, is_insertion = end, False, start == end
    together += old[at:]
    return "".join(together) if Counter(together) <= Counter(mine) | Counter(theirs) else None
