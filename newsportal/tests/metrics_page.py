"""The page that Prometheus reads."""

from __future__ import annotations

TOKEN = "a-token-of-the-tests-alone"


def numbers(page: bytes) -> dict[str, float]:
    lines = [line for line in page.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
