"""From where the desk can be reached: asked at its gate, and before there is a request by who keeps pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from articles.http.network import address_in


def may_come_from(environ: Mapping[str, Any]) -> bool:
    """Whether a request of this WSGI environment, or of `HttpRequest.META`, is from one of ADMIN_NETWORKS, if there are any."""
    if not settings.ADMIN_NETWORKS:
        return True
    if (address := address_in(environ)) is None:
        return False
    return any(address in network for network in settings.ADMIN_NETWORKS)
