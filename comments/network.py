"""The network that a comment comes from, as it is kept: recognisable, and not readable."""

from __future__ import annotations

from django.http import HttpRequest

from articles.network import network_of
from comments.keyed import keyed_hash


def network_hash(request: HttpRequest) -> str:
    """A keyed hash of the sender's network; empty when the address is unknown."""
    network = network_of(request)
    return keyed_hash("network", network) if network else ""
