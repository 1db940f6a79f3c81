#!/usr/bin/env python
"""Run a management command: `python manage.py quickstart` is the one to begin with."""

import os
import sys

MINIMUM_PYTHON = (3, 11)


def main():
    # Before Django is imported: an old Python would fail inside it with a message that helps nobody.
    if sys.version_info < MINIMUM_PYTHON:
        sys.exit(
            "newsportal needs Python {}.{} or newer; this is Python {}.{}.".format(
                *MINIMUM_PYTHON, *sys.version_info[:2]
            )
        )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsportal.settings")
    try:
        from django.conf import settings
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed here: run `pip install -r requirements.txt` first.")
    if sys.argv[1:2] == ["quickstart"]:
        from newsportal.environment import write_first_env_file

        write_first_env_file(demo="--empty" not in sys.argv)
    try:
        # Asked for here: several commands of Django's would hide the name of what is missing behind an error of their own.
        settings.INSTALLED_APPS  # noqa: B018
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
