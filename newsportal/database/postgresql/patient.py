"""A connection that waits for an answer no longer than its process may."""

from __future__ import annotations

import psycopg

from newsportal.database import patience

#: Seconds for the server to take it that a statement is not waited for any more. One that does not is silent.
GRACE = 2.0


class Connection(psycopg.Connection):
    """`is_silent`: the server does not answer at all; False after a statement that was merely too slow, and told to end."""

    is_silent = False

    def wait(self, gen, interval=0.1, timeout=None):
        """Every exchange with the server goes through here. Raises OperationalError, and is closed, when it takes too long."""
        seconds = patience.seconds() if timeout is None else timeout
        try:
            return super().wait(gen, interval, seconds)
        except psycopg.errors._WaitTimeout:
            if timeout is not None:
                raise
            self._give_up()
            raise psycopg.OperationalError(f"The database did not answer within {seconds:g} seconds.") from None

    def _give_up(self) -> None:
        try:
            self.cancel_safe(timeout=GRACE)
        except psycopg.Error:
            self.is_silent = True
        self.close()
