"""Answering the page that asks whether it is still you, as a browser does: with all that its form carries."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client

from newsportal.tests.logging_in import PASSWORD

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


def fields_of(page: Any) -> dict[str, str]:
    """What the forms of a page carry, by name."""
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page.content.decode())}


def say_again(client: Client, page: Any, *, password: str = "", code: str = "", credential: str = "", **headers: Any):
    """By password unless there is something else; `page` is the one that asks."""
    action = re.search(r'<form method="post" action="([^"]*/account/confirm/[^"?]*)"', page.content.decode())
    assert action, page.content.decode()
    given = {"code": code} if code else {"credential": credential} if credential else {"password": password or PASSWORD}
    if not (code or credential):
        # A passkey is asked for first, where there is one; the password has a form of its own.
        return client.post("/admin/account/confirm/", fields_of(page) | given, **headers)
    return client.post(action[1], fields_of(page) | given, **headers)
