"""Readers' browsers, and what they send."""

from __future__ import annotations

import re

from django.test import Client

from comments.identity import confirmation_token
from comments.models import Commenter

WORDS = {"name": "Ottilie", "email": "ottilie@example.org", "body": "The tram is late.", "website": ""}


def browser() -> Client:
    return Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "same-origin"})


def post(reader, article, **changes):
    return reader.post(f"/comments/post/{article.pk}/", WORDS | changes)


def press(reader, url, **data):
    """Open a page and press its button, as a person does."""
    page = reader.get(url).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    return reader.post(url, {"csrfmiddlewaretoken": token, **data})


def confirm(reader, email=WORDS["email"]):
    return press(reader, f"/comments/confirm/{confirmation_token(Commenter.objects.by_email(email))}/")


def trusted(article, *, approved=3, email=WORDS["email"]) -> Client:
    reader = browser()
    confirm(reader, email)
    Commenter.objects.update(published_count=approved)
    return reader
