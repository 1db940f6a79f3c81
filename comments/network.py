"""The network that a comment comes from, as it is kept: recognisable, and not readable."""

from __future__ import annotations

from django.http import HttpRequest

from articles.http.network import NETWORK, Address, address_of, network_around
from comments.keyed import keyed_hash


def network_hash(request: HttpRequest, prefix: int = NETWORK) -> str:
    """A keyed hash of the sender's network (of IPv6 so many bits); empty when the address is unknown."""
    address = address_of(request)
    return hash_around(address, prefix) if address else ""


def hash_around(address: Address, prefix: int = NETWORK) -> str:
    """The same of the network that an address is in, whoever has it."""
    return keyed_hash("network", network_around(address, prefix))
