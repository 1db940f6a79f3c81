"""The settings are strict: what is missing or unreadable stops the start with its name."""

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from newsportal.environment import BASE_DIR, Environment, write_first_env_file

GOOD = {
    "SECRET_KEY": "k" * 60,
    "SITE_URL": "https://news.example.org",
    "ALLOWED_HOSTS": "news.example.org",
    "SITE_NAME": "The Check",
    "NEWSPORTAL_ENV_FILE": os.devnull,
}


def ask(expression: str, **changes: str | None):
    """What a settings expression is with these variables, in a process of its own."""
    environment = {"PATH": os.environ["PATH"], **GOOD, **changes}
    code = f"from newsportal import settings; print({expression})"
    return subprocess.run(
        [sys.executable, "-c", code], cwd=BASE_DIR, capture_output=True, text=True,
        env={name: value for name, value in environment.items() if value is not None}, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", None),
        ("SITE_URL", None),
        ("SITE_URL", "news.example.org"),
        ("SITE_URL", "https://news.example.org/path"),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", "*"),
        ("DEBUG", "flase"),
        ("HSTS_SECONDS", "a year"),
        ("DATABASE_URL", "mysql://x"),
        ("CACHE_URL", "memcached://x"),
        ("LOG_LEVEL", "LOUD"),
        ("TIME_ZONE", "Europe/Lindhaven"),
        ("EMAIL_PORT", "smtp"),
        ("EMAIL_USE_TLS", "perhaps"),
        ("BACKGROUND_WORKER", "threads"),
        ("AKISMET_URL", "rest.akismet.com"),
        ("COMMENT_REJECTED_DAYS", "0"),
    ],
)
def test_a_variable_that_is_missing_or_unreadable_stops_the_start_with_its_name(variable, value):
    result = ask("''", **{variable: value})
    assert result.returncode != 0
    assert variable in result.stderr.splitlines()[-1]


def test_a_password_in_a_refused_url_is_not_repeated():
    assert "hunter2" not in ask("''", DATABASE_URL="mysql://me:hunter2@db/x").stderr.splitlines()[-1]


def test_with_tls_everything_is_closed():
    names = ["SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    for name in names:
        assert ask(f"settings.{name}").stdout.strip() == "True", name
    assert int(ask("settings.SECURE_HSTS_SECONDS").stdout) >= 31_536_000
    assert ask("settings.DEBUG").stdout.strip() == "False"


def test_without_tls_the_loopback_works():
    assert ask("settings.SECURE_SSL_REDIRECT", SITE_URL="http://127.0.0.1:8000").stdout.strip() == "False"


def test_the_policy_is_the_same_in_every_process():
    policies = {
        ask("list(settings.CONTENT_SECURITY_POLICY['DIRECTIVES'].items())", PYTHONHASHSEED=seed).stdout
        for seed in ("1", "2", "3")
    }
    assert len(policies) == 1
    assert "unsafe" not in policies.pop()


def test_the_first_env_file_has_a_random_secret_and_is_for_its_owner_alone(tmp_path, monkeypatch):
    first, second = tmp_path / "a", tmp_path / "b"
    assert write_first_env_file(first) and write_first_env_file(second)
    assert first.read_text() != second.read_text()
    assert first.stat().st_mode & 0o777 == 0o600
    kept = first.read_text()
    assert not write_first_env_file(first)
    assert first.read_text() == kept


def test_a_folder_that_cannot_be_written_to_is_said_in_one_sentence(tmp_path):
    with pytest.raises(SystemExit) as refusal:
        write_first_env_file(tmp_path / "missing" / ".env")
    assert str(refusal.value).startswith("Cannot write")


def test_a_list_is_read_with_its_spaces_taken_off(monkeypatch):
    monkeypatch.setenv("WORDS", " a, b ,,c ")
    assert Environment().words("WORDS") == ["a", "b", "c"]


def test_a_number_below_its_minimum_is_refused(monkeypatch):
    monkeypatch.setenv("WORKERS", "0")
    with pytest.raises(ImproperlyConfigured, match="WORKERS"):
        Environment().number("WORKERS", 2, minimum=1)


def test_without_a_mail_server_no_mail_is_tried():
    assert ask("settings.MAIL_ENABLED, settings.EMAIL_BACKEND").stdout.startswith(
        "False django.core.mail.backends.dummy"
    )


def test_a_mail_server_needs_an_address_to_send_from():
    refused = ask("''", EMAIL_HOST="mail.example.org")
    assert refused.returncode != 0
    assert "MAIL_FROM" in refused.stderr.splitlines()[-1]
    assert "MAIL_FROM" in ask("''", EMAIL_HOST="mail.example.org", MAIL_FROM="not one").stderr.splitlines()[-1]
    given = ask("settings.DEFAULT_FROM_EMAIL", EMAIL_HOST="mail.example.org", MAIL_FROM="talk@example.org")
    assert given.stdout.strip() == "The Check <talk@example.org>"


def test_mail_goes_over_tls_unless_told_otherwise():
    mail = {"EMAIL_HOST": "mail.example.org", "SITE_EMAIL": "desk@example.org"}
    asked = "settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT"
    assert ask(asked, **mail).stdout.strip() == "True False 587 10"
    assert ask(asked, **mail, EMAIL_USE_SSL="true").stdout.strip() == "False True 465 10"
    assert ask(asked, **mail, EMAIL_USE_TLS="false").stdout.strip() == "False False 25 10"
    assert "EMAIL_USE_SSL" in ask("''", EMAIL_USE_SSL="true", EMAIL_USE_TLS="true").stderr.splitlines()[-1]
