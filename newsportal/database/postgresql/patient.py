"""A connection that waits for an answer no longer than its process may."""

from __future__ import annotations

from typing import Any, Self

import psycopg

from newsportal.database import patience

#: Has the server notice who is gone, whose locks everybody waits for: by itself it does after two hours. Asked for once connected,
#: since poolers (PgBouncer, RDS Proxy, Neon's) refuse who begins with options; through them it says what is true of their own
#: connections, and does no harm.
NOTICE_WHO_IS_GONE = """
SELECT set_config('tcp_keepalives_idle', '30', false), set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false);
"""


class Connection(psycopg.Connection):
    """`is_silent`: the server does not answer at all; False after a statement that was merely too slow, and told to end."""

    is_silent = False

    @classmethod
    def connect(cls, *args: Any, **kwargs: Any) -> Self:
        made = super().connect(*args, **kwargs)
        try:
            made.execute(NOTICE_WHO_IS_GONE)
            if not made.autocommit:
                made.commit()
        except BaseException:
            made.close()
            raise
        return made

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
            self.cancel_safe(timeout=patience.GRACE)
        except psycopg.Error:
            self.is_silent = True
        self.close()
