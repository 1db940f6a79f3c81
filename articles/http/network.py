"""Where a request comes from: the address, and the network that one person may be thought to have."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def read_address(text: str) -> Address | None:
    """None where it is unreadable. ::ffff:10.0.0.5, as a server that listens on both kinds writes it, is 10.0.0.5."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_trusted(address: Address) -> bool:
    """Whether it is one of `settings.TRUSTED_PROXIES`."""
    return any(address in proxies for proxies in settings.TRUSTED_PROXIES)


def address_of(request: HttpRequest) -> Address | None:
    """As `address_in`."""
    return address_in(request.META)


def address_in(environ: Mapping[str, Any]) -> Address | None:
    """The sender's address, or None when it is unreadable: the last hop that is not one of `settings.TRUSTED_PROXIES`.

    `environ`: a WSGI environment, as `HttpRequest.META` is.
    `X-Forwarded-For` is believed only as far as trusted proxies have written it, from the right; what a client puts
    in itself stands further left, and is never reached.
    """
    hops = [environ.get("REMOTE_ADDR", "")]
    hops += reversed([hop.strip() for hop in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()])
    sender = None
    for hop in hops:
        address = read_address(hop)
        if address is None:
            return sender
        sender = address
        if not is_trusted(sender):
            return sender
    return sender


#: Of an IPv6 address: what one machine changes its address in, and what one line has at least (RIPE-690, 4.2).
NETWORK, LINE = 64, 56


def network_of(request: HttpRequest, prefix: int = NETWORK) -> str:
    """The sender's network: the address for IPv4, of IPv6 so many bits; empty when the address is unknown.

    To be hashed before it is kept anywhere.
    """
    address = address_of(request)
    return network_around(address, prefix) if address else ""


def network_around(address: Address, prefix: int = NETWORK) -> str:
    """The network that this address is in, as `network_of` says it of a sender."""
    return str(ipaddress.ip_network((address, 32 if address.version == 4 else prefix), strict=False))
