"""Clocks of machines differ, and one that was wrong for a day writes times down that lie years ahead."""

from __future__ import annotations

#: What lies further ahead than so many times the longest that it can take was written by such a clock: two that are right differ
#: by less.
AHEAD = 2
