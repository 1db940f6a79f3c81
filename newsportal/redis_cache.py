"""The cache in Redis, left alone while it does not answer: else each of the calls that a request makes would wait for its second.

After one call has failed the others are refused at once, and one at a time tries again, as with a database
(newsportal.database.away). django-redis takes what is raised here for a cache that is away, and passes over it.
"""

from __future__ import annotations

from typing import Any

import redis

from newsportal.database.away import Away, KnownAway

#: Of this process.
away = Away()


class LeftAlone(redis.Redis):
    """`REDIS_CLIENT_CLASS` of django-redis."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Raises redis.ConnectionError without asking while it is known to be away."""
        try:
            with away.connecting():
                try:
                    return super().execute_command(*args, **options)
                except redis.ResponseError as error:
                    # It answers.
                    refused = error
        except KnownAway:
            raise redis.ConnectionError("Redis could not be reached a moment ago.") from None
        raise refused

    def pipeline(self, *args: Any, **options: Any) -> Any:
        """Of commands that are sent together, which does not come through here: whether it answers is asked before."""
        self.ping()
        return super().pipeline(*args, **options)
