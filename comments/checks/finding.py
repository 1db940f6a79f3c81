from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """From soft to strict. To refuse is to write nothing and tell the reader why; all others store what was said."""

    NOTE = 1
    HOLD = 2
    REJECT = 3
    SPAM = 4
    REFUSE = 5


@dataclass(frozen=True)
class Finding:
    """What a check has seen, in a sentence: for the moderator, or for the reader where the verdict is to refuse."""

    verdict: Verdict
    check: str
    sentence: str

    @property
    def holds(self) -> bool:
        """Whether it keeps a comment from being published."""
        return self.verdict >= Verdict.HOLD

    def as_json(self) -> dict[str, str]:
        return {"verdict": self.verdict.name.lower(), "check": self.check, "sentence": self.sentence}

    @classmethod
    def from_json(cls, said: dict[str, str]) -> Finding:
        return cls(Verdict[said["verdict"].upper()], said["check"], said["sentence"])
