"""The settings are strict: what is missing or unreadable stops the start with its name."""

import re
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

import articles.urls
from newsportal import urls
from newsportal.environment import BASE_DIR, Environment, write_first_env_file
from newsportal.tests.settings_file import read, variables


def start(expression: str, **changes: str | None):
    """A process of its own that prints a settings expression."""
    return subprocess.run(
        [sys.executable, "-c", f"from newsportal import settings; print({expression})"], cwd=BASE_DIR,
        capture_output=True, text=True, env=variables(**changes), check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SECRET_KEY", None),
        ("SITE_URL", None),
        ("SITE_URL", "news.example.org"),
        ("WEBSUB_HUB", "hub.example.org"),
        ("WEBSUB_HUB", "ftp://hub.example.org/"),
        ("WEBSUB_HUB", "https://hub.example.org/ a"),
        ("WEBSUB_HUB", 'https://hub.example.org/>; rel="hub"'),
        ("SITE_URL", "https://news.example.org/path"),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", "*"),
        ("DEBUG", "flase"),
        ("HSTS_SECONDS", "a year"),
        ("HSTS_SUBDOMAINS", "some"),
        ("DATABASE_URL", "mysql://x"),
        ("CACHE_URL", "memcached://x"),
        ("LOG_LEVEL", "LOUD"),
        ("TIME_ZONE", "Europe/Lindhaven"),
        ("EMAIL_PORT", "smtp"),
        ("EMAIL_USE_TLS", "perhaps"),
        ("BACKGROUND_WORKER", "threads"),
        ("AKISMET_URL", "rest.akismet.com"),
        ("COMMENT_REJECTED_DAYS", "0"),
        ("PURGE", "akamai"),
        ("LOG_FORMAT", "xml"),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "with a space in between"),
        ("SENTRY_DSN", "sentry.example.org"),
        ("SHARED_CACHE_SECONDS", "a day"),
        ("ADMIN_PATH", "the desk/"),
        ("ADMIN_PATH", "../"),
        ("ADMIN_PATH", "comments/desk/"),
        ("ADMIN_PATH", "2026/"),
        ("ADMIN_NETWORKS", "the office"),
        ("REQUIRE_SECOND_FACTOR", "editors"),
        ("AUDIT_ADDRESS_DAYS", "0"),
        ("MEDIA_ORIGIN", "media.example.org"),
        ("MEDIA_ORIGIN", "https://media.example.org/pictures"),
        ("S3_ENDPOINT_URL", "minio:9000"),
    ],
)
def test_a_variable_that_is_missing_or_unreadable_stops_the_start_with_its_name(variable, value):
    with pytest.raises(ImproperlyConfigured, match=variable):
        read(**{variable: value})


def test_a_domain_before_a_bucket_is_a_host():
    with pytest.raises(ImproperlyConfigured, match="S3_CUSTOM_DOMAIN"):
        read(S3_BUCKET="pics", S3_CUSTOM_DOMAIN="https://media.example.org")


def test_a_bucket_that_gives_pictures_no_address_stops_the_start():
    """Every page says where they come from."""
    serve = "__import__('newsportal.wsgi')"
    own = {"S3_ACCESS_KEY_ID": "k", "S3_SECRET_ACCESS_KEY": "s", "CACHE_URL": "locmemcache://"}
    assert start(serve, S3_BUCKET="pics", **own).returncode == 0
    refused = start(serve, S3_BUCKET="my pictures", **own)
    assert refused.returncode != 0
    assert "look at S3_BUCKET" in refused.stderr and "Invalid bucket name" in refused.stderr


def test_networks_of_the_old_kind_may_be_written_as_those_of_the_new():
    named = read(TRUSTED_PROXIES="::ffff:10.0.0.5,::ffff:172.16.0.0/108,2001:db8::/32").TRUSTED_PROXIES
    assert [str(network) for network in named] == ["10.0.0.5/32", "172.16.0.0/12", "2001:db8::/32"]


def test_numbers_need_a_folder_that_processes_share():
    with pytest.raises(ImproperlyConfigured, match="METRICS_FOLDER"):
        read(METRICS_TOKEN="a-token-of-the-tests")
    assert read(METRICS_TOKEN="a-token-of-the-tests", METRICS_FOLDER="numbers").METRICS_FOLDER == "numbers"
    assert read(METRICS_FOLDER="numbers").METRICS_TOKEN == ""


def test_a_service_of_systemd_has_a_folder_for_its_numbers():
    own = {"METRICS_TOKEN": "a-token-of-the-tests", "RUNTIME_DIRECTORY": "/run/newsportal-pages"}
    assert read(**own).METRICS_FOLDER == "/run/newsportal-pages/numbers"
    assert read(**own, METRICS_FOLDER="numbers").METRICS_FOLDER == "numbers"


@pytest.mark.parametrize(
    ("variable", "library"), [("METRICS_TOKEN", "prometheus_client"), ("SENTRY_DSN", "sentry_sdk")]
)
def test_what_needs_a_library_that_is_not_installed_says_how_to_install_it(variable, library, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == library else object())
    given = {"METRICS_TOKEN": "a-token-of-the-tests", "SENTRY_DSN": "https://key@sentry.example.org/1"}[variable]
    with pytest.raises(ImproperlyConfigured, match=f"{variable} needs .*requirements-scale.txt"):
        read(**{variable: given}, METRICS_FOLDER="numbers")


def test_logs_are_for_machines_in_public_and_for_people_elsewhere():
    assert read().LOG_FORMAT == "json" and read().LOG_REQUESTS is True
    for changes in ({"SITE_URL": "http://127.0.0.1:8000"}, {"DEBUG": "true"}):
        assert read(**changes).LOG_FORMAT == "text" and read(**changes).LOG_REQUESTS is False


def test_a_refusal_ends_the_process():
    result = start("''", DEBUG="flase")
    assert result.returncode != 0
    assert "DEBUG" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("command", ["migrate", "makemigrations", "check", "runserver"])
def test_no_command_hides_the_name_behind_an_error_of_its_own(command):
    result = subprocess.run(
        [sys.executable, "manage.py", command], cwd=BASE_DIR, capture_output=True, text=True,
        env=variables(SECRET_KEY=None), check=False,
    )  # fmt: skip
    assert result.returncode != 0
    assert len(result.stderr.splitlines()) == 1 and result.stderr.startswith("SECRET_KEY is not set.")


def test_a_password_in_a_refused_url_is_not_repeated():
    assert "hunter2" not in start("''", DATABASE_URL="mysql://me:hunter2@db/x").stderr.splitlines()[-1]


def test_a_connection_to_sqlite_waits_for_the_disk_and_keeps_what_a_search_touches(tmp_path):
    asked = ("synchronous", "journal_mode", "cache_size")
    code = (
        "import django; django.setup(); from django.db import connection; cursor = connection.cursor();"
        f"print(*[cursor.execute('PRAGMA ' + name).fetchone()[0] for name in {asked}])"
    )
    environment = variables(
        DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3", DJANGO_SETTINGS_MODULE="newsportal.settings"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=BASE_DIR, capture_output=True, text=True, env=environment, check=True
    )
    # https://sqlite.org/pragma.html: 2 is FULL, and of a cache a negative number is KiB (decisions 37 and 42).
    assert found.stdout == "2 wal -4000\n"


def test_a_connection_begins_with_no_options_but_those_of_the_databases_url():
    """Poolers refuse them, and they would take the place of PGOPTIONS."""
    url = "postgres://newsportal@localhost/newsportal"
    assert "options" not in read(DATABASE_URL=url).DATABASES["default"]["OPTIONS"]
    of_url = read(DATABASE_URL=f"{url}?options=-c%20work_mem%3D64MB").DATABASES["default"]["OPTIONS"]
    assert of_url["options"] == "-c work_mem=64MB"


def test_with_tls_everything_is_closed():
    settings = read()
    assert settings.SECURE_SSL_REDIRECT and settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE
    assert settings.SECURE_HSTS_INCLUDE_SUBDOMAINS and settings.SECURE_HSTS_SECONDS >= 31_536_000
    assert settings.DEBUG is False


def test_names_beneath_the_newspapers_are_left_alone_where_they_speak_no_tls():
    settings = read(HSTS_SUBDOMAINS="false")
    assert settings.SECURE_HSTS_SECONDS and not settings.SECURE_HSTS_INCLUDE_SUBDOMAINS
    assert not settings.SECURE_HSTS_PRELOAD


def test_who_publishes_needs_a_second_factor_where_there_is_tls():
    assert read().REQUIRE_SECOND_FACTOR == "publishers"
    assert read(SITE_URL="http://127.0.0.1:8000").REQUIRE_SECOND_FACTOR == "none"
    assert read(DEBUG="true").REQUIRE_SECOND_FACTOR == "none"


def test_the_desk_is_at_a_path_of_its_own():
    assert read().ADMIN_PATH == "admin/"
    assert read(ADMIN_PATH="/newsroom/desk").ADMIN_PATH == "newsroom/desk/"


def test_the_desk_is_never_where_something_else_is_answered():
    known = {str(pattern.pattern).partition("/")[0] for pattern in [*urls.urlpatterns, *articles.urls.urlpatterns]}
    words = {part for part in known if re.fullmatch(r"[a-z-]+", part)} - {"admin"}
    assert {"comments", "csp-reports", "sections"} < words <= read().TAKEN


def test_without_tls_the_loopback_works():
    assert read(SITE_URL="http://127.0.0.1:8000").SECURE_SSL_REDIRECT is False


def test_the_policy_is_the_same_in_every_process():
    ask = """
import django; django.setup()
from django.test import Client
print(Client(headers={"host": "news.example.org"}).get("/csp-reports/", secure=True).headers)
"""
    answers = [
        start(f"exec({ask!r})", PYTHONHASHSEED=seed, DJANGO_SETTINGS_MODULE="newsportal.settings")
        for seed in ("1", "2", "3")
    ]
    policies = {re.search(r"'Content-Security-Policy': \"([^\"]+)\"", answer.stdout)[1] for answer in answers}
    assert len(policies) == 1
    assert "default-src 'none'" in (policy := policies.pop())
    assert "unsafe" not in policy


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
    settings = read()
    assert settings.MAIL_ENABLED is False
    assert settings.EMAIL_BACKEND.startswith("django.core.mail.backends.dummy")


def test_a_mail_server_needs_an_address_to_send_from():
    for wrong in ({}, {"MAIL_FROM": "not one"}):
        with pytest.raises(ImproperlyConfigured, match="MAIL_FROM"):
            read(EMAIL_HOST="mail.example.org", **wrong)
    given = read(EMAIL_HOST="mail.example.org", MAIL_FROM="talk@example.org")
    assert given.DEFAULT_FROM_EMAIL == "The Check <talk@example.org>"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, (True, False, 587)),
        ({"EMAIL_USE_SSL": "true"}, (False, True, 465)),
        ({"EMAIL_USE_TLS": "false"}, (False, False, 25)),
    ],
)
def test_mail_goes_over_tls_unless_told_otherwise(changed, told):
    settings = read(EMAIL_HOST="mail.example.org", SITE_EMAIL="desk@example.org", **changed)
    assert told == (settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL, settings.EMAIL_PORT)
    assert settings.EMAIL_TIMEOUT == 10


def test_mail_cannot_go_over_tls_in_two_ways_at_once():
    with pytest.raises(ImproperlyConfigured, match="EMAIL_USE_SSL"):
        read(EMAIL_HOST="mail.example.org", SITE_EMAIL="desk@example.org", EMAIL_USE_SSL="true", EMAIL_USE_TLS="true")


CDNS = {
    "varnish": {"VARNISH_URLS": "http://10.0.0.1:6081, http://10.0.0.2:6081/"},
    "fastly": {"FASTLY_SERVICE_ID": "SU1Z0isxPaozGVKXdv0eY", "FASTLY_TOKEN": "secret-word"},
    "cloudflare": {"CLOUDFLARE_ZONE_ID": "023e105f4ecef8ad9ca31a8372d0c353", "CLOUDFLARE_TOKEN": "secret-word"},
}


@pytest.mark.parametrize("cdn", CDNS)
def test_a_cdn_needs_what_it_is_told_with(cdn):
    assert read(PURGE=cdn, **CDNS[cdn]).SHARED_CACHE_SECONDS == 86_400
    for variable in CDNS[cdn]:
        with pytest.raises(ImproperlyConfigured, match=variable):
            read(PURGE=cdn, **CDNS[cdn] | {variable: None})


@pytest.mark.parametrize(
    ("cdn", "variable", "value"),
    [
        ("varnish", "VARNISH_URLS", "http://10.0.0.1:6081, 10.0.0.2"),
        ("varnish", "VARNISH_URLS", ","),
        ("fastly", "FASTLY_SERVICE_ID", "../../tokens/self"),
        ("cloudflare", "CLOUDFLARE_ZONE_ID", "zone/../../user"),
        ("cloudflare", "CLOUDFLARE_URL", "api.cloudflare.com"),
        ("cloudflare", "PAGE_CACHE", "false"),
        ("varnish", "PURGE_SOFT", "softly"),
    ],
)
def test_what_a_cdn_cannot_be_told_with_is_refused(cdn, variable, value):
    with pytest.raises(ImproperlyConfigured, match=variable):
        read(PURGE=cdn, **CDNS[cdn] | {variable: value})


def test_a_token_that_no_header_can_carry_is_refused_without_being_repeated():
    refused = start("''", PURGE="fastly", **CDNS["fastly"] | {"FASTLY_TOKEN": "hunter2\nhunter3"})
    assert "FASTLY_TOKEN" in refused.stderr.splitlines()[-1]
    assert "hunter" not in refused.stderr


def test_without_a_cdn_shared_caches_ask_each_time():
    settings = read()
    assert (settings.PURGE, settings.SHARED_CACHE_SECONDS) == ("none", 0)
