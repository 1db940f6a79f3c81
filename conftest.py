"""What every test has: its own media folder, plain static files, and the cast of the newsroom."""

import gc
import os
import shutil
import tempfile
import uuid

import django
import hypothesis
import pytest
from django.conf import settings
from xdist.scheduler import LoadScopeScheduling

from newsportal.tests import environment  # noqa: F401  (first: Django reads its settings from it)

django.setup()

# For all tests and not in each: a live server may be at a request of the test before while settings change, and would keep what it
# found then. It knows nothing of hashed names; and where `collectstatic` has been run, WhiteNoise would look through all of
# it for each client of a test.
_no_static_files = tempfile.TemporaryDirectory(prefix="static-")
settings.STATIC_ROOT = _no_static_files.name
settings.STORAGES = settings.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}

from newsportal.tests import emptying  # noqa: E402  (needs the apps)

emptying.install()

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

#: Files whose tests share what takes long to set up: one process runs all of them.
TOGETHER = {"newsportal/tests/test_fresh_clone.py", "newsportal/tests/test_moving.py"}

#: Files whose tests are about addresses, headers, letters, pictures, forms and proxies, in which no database has a say: what goes
#: through it the tests of models, lists and verbs ask as well. They run on one.
ON_ONE_DATABASE = {
    "adverts/tests/test_slots.py", "articles/tests/test_image_admin.py", "articles/tests/test_pictures.py",
    "articles/tests/test_preflight.py", "articles/tests/test_previews.py", "articles/tests/test_share_cards.py",
    "articles/tests/test_structured_data.py", "comments/tests/test_akismet.py",
    "comments/tests/test_identity.py", "comments/tests/test_notifications.py", "comments/tests/test_settings_screens.py",
    "comments/tests/test_refused.py",
    "newsportal/tests/test_bare.py", "newsportal/tests/test_benchmarks.py", "newsportal/tests/test_content_type.py",
    "newsportal/tests/test_first_sight_browser.py", "newsportal/tests/test_logs.py",
    "newsportal/tests/test_nginx.py", "newsportal/tests/test_passkeys.py", "newsportal/tests/test_proof.py",
    "newsportal/tests/test_responses.py", "newsportal/tests/test_roles_walk.py",
    "newsportal/tests/test_save_data.py", "newsportal/tests/test_security.py", "newsportal/tests/test_staff_login.py",
    "newsportal/tests/test_stolen_session.py", "newsportal/tests/test_times_of_the_desk.py",
    "newsportal/tests/test_varnish.py", "newsportal/tests/test_weight.py", "newsportal/tests/test_well_known.py",
}  # fmt: skip

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None
)


def pytest_addoption(parser):
    parser.addoption(
        "--only-database",
        action="store_true",
        help="leave out the tests that never touch the database, and those for which one is as good as another",
    )


def pytest_xdist_make_scheduler(config, log):
    # Not xdist's own groups: it says them in a test's id, which pytest 9.2 no longer lets it change.
    return InFiles(config, log)


class InFiles(LoadScopeScheduling):
    """Hands tests out one by one, but those of a file that is in TOGETHER all at once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


def pytest_collection_finish(session):
    """Python's collector need not look through all tests and all of Django again and again: a twelfth of what the tests cost."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--only-database"):
        return
    asks = {"db", "transactional_db", "live_server"}
    kept = [
        item
        for item in items
        if (item.get_closest_marker("django_db") or asks & set(item.fixturenames))
        and item.nodeid.partition("::")[0] not in ON_ONE_DATABASE
    ]
    config.hook.pytest_deselected(items=list(set(items).difference(kept)))
    items[:] = kept


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """SQLite in a file, as in life: the threads of a live server then have connections, and locks, of their own.

    Neither database need wait for its disk: a test's does not outlive a crash.
    """
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        database["OPTIONS"]["init_command"] = database["OPTIONS"]["init_command"].replace("FULL", "NORMAL")
    else:
        database["OPTIONS"]["options"] = f"{database['OPTIONS'].get('options', '')} -c synchronous_commit=off".strip()
        # On a busy machine a connection may be long in coming without being away.
        database["OPTIONS"]["pool"] = database["OPTIONS"]["pool"] | {"timeout": 30}


@pytest.fixture(scope="session", autouse=True)
def each_picture_is_encoded_once():
    """What a test draws, others have drawn before it: the same sizes of the same picture are the same bytes."""
    from articles.pictures import renditions

    encode, known = renditions.encoded, {}

    def encoded(picture, size):
        # A size is named by the picture's digest, its crop and its width.
        if size not in known:
            known[size] = encode(picture, size)
        return known[size]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renditions, "encoded", encoded)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_other_process_of_the_tests_has_the_turn(tmp_path_factory):
    """What is decoded or parsed apart waits for others on the same machine: tests that run beside each other are none of them."""
    lock = tmp_path_factory.mktemp("turn") / "lock"
    lock.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("articles.apart.LOCKED", str(lock))
        yield


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium; without it browser tests are skipped, unless REQUIRE_BROWSER says that they must run."""
    if CHROMIUM is None:
        missing = "No Chromium here: install the package `chromium-headless-shell` to run the browser tests."
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync"]  # fmt: skip
    return browser_type_launch_args | {"executable_path": CHROMIUM, "args": quiet}


def _numbers_of_nobody():
    from newsportal.page_cache.counters import Unreadable

    raise Unreadable


@pytest.fixture(autouse=True)
def own_places(settings, tmp_path, monkeypatch):
    from newsportal import site
    from newsportal.doctor.alarms import alarms

    settings.MEDIA_ROOT = str(tmp_path / "media")
    # What a test counts in the cache is its own, also where all of them, and earlier runs, share one Redis.
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": uuid.uuid4().hex}}
    # Its numbers begin anew with each test's database.
    site.forget()
    if "redis" in settings.CACHES["default"]["BACKEND"]:
        # All of them share one Redis, which has the numbers of other databases.
        monkeypatch.setattr(site, "counters", _numbers_of_nobody)
    # What is wrong is looked for at the desk once a minute; here by the tests that are about it.
    alarms.kept([])
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def _person(name: str, group: str | None = None, **fields):
    from django.contrib.auth.models import Group, User

    user = User.objects.create_user(name, password="open sesame", **fields)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def reporter(db):
    return _person("reporter", "Reporter", is_staff=True)


@pytest.fixture
def editor(db):
    return _person("editor", "Editor", is_staff=True)


@pytest.fixture
def moderator(db):
    return _person("moderator", "Moderator", is_staff=True)


@pytest.fixture
def outsider(db):
    """Has an account, and nothing to do here."""
    return _person("outsider")


@pytest.fixture
def administrator(db):
    return _person("administrator", is_staff=True, is_superuser=True)


@pytest.fixture
def history(transactional_db, tmp_path):
    """For what migrations make of rows: another database, empty, in the place of the tests' own."""
    from newsportal.tests.history import History, empty_database

    with empty_database(tmp_path):
        yield History()


@pytest.fixture
def watch(browser, live_server, settings):
    """Makes pages in a real browser, and fails the test for any violation of the policy or request to elsewhere."""
    from newsportal.tests.browsing import Watch

    settings.SITE_URL = live_server.url
    watch = Watch(browser, live_server.url)
    yield watch
    for context in watch.contexts:
        context.close()
    assert not watch.problems
