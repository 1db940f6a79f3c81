"""Asking another machine that the operator has named, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener


class _NoRedirects(HTTPRedirectHandler):
    """What is sent goes to the configured address or nowhere."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def opener() -> OpenerDirector:
    """Asks the address that it is given, and no other that the answer names."""
    return build_opener(_NoRedirects)


def post(url: str, data: Mapping[str, str] | Sequence[tuple[str, str]], *, timeout: float, read: int = 16) -> bytes:
    """Send a form; what comes back, and what is raised, is that of `send`."""
    return send(url, urlencode(data).encode(), timeout=timeout, read=read)


def send(
    url: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    timeout: float,
    read: int = 16,
    method: str = "POST",
) -> bytes:
    """Returns the first `read` bytes of the answer.

    `url` comes from the settings, read as http or https by newsportal.environment. `timeout`, in seconds, is for each step.
    Raises urllib.error.HTTPError for any other status than 2xx, a redirect included; OSError or http.client.HTTPException
    when nothing that can be understood came back.
    """
    request = Request(url, data=body, headers=dict(headers or {}), method=method)  # noqa: S310
    with opener().open(request, timeout=timeout) as response:
        return response.read(read)
