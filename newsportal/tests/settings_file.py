"""The settings, read anew with other variables."""

from __future__ import annotations

import os
import runpy
from types import SimpleNamespace
from unittest import mock

from newsportal.environment import BASE_DIR

GOOD = {
    "SECRET_KEY": "k" * 60,
    "SITE_URL": "https://news.example.org",
    "ALLOWED_HOSTS": "news.example.org",
    "SITE_NAME": "The Check",
    "NEWSPORTAL_ENV_FILE": os.devnull,
}


def variables(**changes: str | None) -> dict[str, str]:
    environment = {"PATH": os.environ["PATH"], **GOOD, **changes}
    return {name: value for name, value in environment.items() if value is not None}


def read(**changes: str | None) -> SimpleNamespace:
    """What the settings are with these variables and no others: the file itself, read anew."""
    with mock.patch.dict(os.environ, variables(**changes), clear=True):
        return SimpleNamespace(**runpy.run_path(str(BASE_DIR / "newsportal" / "settings.py")))
