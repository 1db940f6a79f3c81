"""What is not on every machine, for tests that cannot be held without it."""

import pytest

from deploy import loopback

needs_redis = pytest.mark.skipif(
    loopback.redis_program() is None, reason="neither valkey-server nor redis-server is here"
)
