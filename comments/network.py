"""The network that a comment comes from, as it is kept: recognisable, and not readable."""

from __future__ import annotations

from django.http import HttpRequest

from articles.http.network import NETWORK, network_of
from comments.keyed import keyed_hash


def network_hash(request: HttpRequest, prefix: int = NETWORK) -> str:
    """A keyed hash of the sender's network (of IPv6 so many bits); empty when the address is unknown."""
    network = network_of(request, prefix)
    return keyed_hash("network", network) if network else ""
