from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """From soft to strict. Refusing the reader's text and holding it for a moderator are different things."""

    NOTE = 1
    HOLD = 2
    SPAM = 3


@dataclass(frozen=True)
class Finding:
    """What a check has seen, in a sentence for the moderator."""

    verdict: Verdict
    check: str
    sentence: str

    def as_json(self) -> dict[str, str]:
        return {"verdict": self.verdict.name.lower(), "check": self.check, "sentence": self.sentence}
