"""What one process of a server has made the others send: exactly as long as it is true, and without it all goes on."""

import os
import threading
import types

import pytest

from articles.tests.factories import make_article
from newsportal.page_cache import schedule, shared
from newsportal.page_cache.kept import Page
from newsportal.page_cache.shared import FOLDERS, PUTS_A_LOOK, Shared
from newsportal.tests.served import Served

pytestmark = pytest.mark.django_db(transaction=True)

MEGABYTE = 2**20
KEY = ("http", "testserver", "/", "", False)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pages"


@pytest.fixture
def process(folder):
    """Makes processes of the same server, as far as pages go: each has its own memory, and the same folder."""
    schedule._known.clear()

    def start(generation: str = "one", **options) -> Served:
        machine = Shared(folder, 64 * MEGABYTE, generation)
        return Served(machine=lambda: machine, **options)

    return start


def page(path: str = "/", body: bytes = b"<p>It rained.</p>", **fields) -> Page:
    made = Page("200 OK", [("Content-Type", "text/html; charset=utf-8")], body, ("site",), (1,), made_at=1.0, **fields)
    made.rest()
    return made


def key(path: str):
    return ("http", "testserver", path, "", False)


# --- Two processes ------------------------------------------------------------------------------------------------------


def test_what_one_has_made_the_other_sends(process):
    story = make_article(headline="Vladimír at the harbour")
    first, second = process(), process()
    made = first.get(story.get_absolute_url())
    sent = second.get(story.get_absolute_url())
    assert "Vladimír at the harbour" in sent.text
    assert (first.made, second.made) == (1, 0)
    assert (sent.body, sent.headers["ETag"]) == (made.body, made.headers["ETag"])


@pytest.mark.parametrize("accepted", ["br", "gzip", ""])
def test_it_is_sent_in_the_encoding_that_is_asked_for(process, accepted):
    url = make_article().get_absolute_url()
    first, second = process(), process()
    assert first.get(url, accept_encoding=accepted).body == second.get(url, accept_encoding=accepted).body
    assert second.get(url, accept_encoding=accepted).headers.get("Content-Encoding", "") == accepted
    assert second.made == 0


def test_who_has_it_already_gets_304_from_a_process_that_never_made_it(process):
    url = make_article().get_absolute_url()
    etag = process().get(url).headers["ETag"]
    assert process().get(url, if_none_match=etag).status == 304


def test_what_is_past_nobody_sends(process):
    story = make_article(headline="Before")
    first, second = process(), process()
    first.get(story.get_absolute_url())
    story.headline = "After"
    story.save()
    assert "After" in second.get(story.get_absolute_url()).text
    assert "After" in first.get(story.get_absolute_url()).text
    assert first.made + second.made == 2


def test_what_is_in_memory_and_past_gives_way_to_what_another_has_made_since(process):
    story = make_article(headline="Before")
    first, second = process(), process()
    first.get(story.get_absolute_url())
    second.get(story.get_absolute_url())
    story.headline = "After"
    story.save()
    first.get(story.get_absolute_url())
    assert "After" in second.get(story.get_absolute_url()).text
    assert second.made == 0


def test_of_two_that_ask_at_once_one_makes_it(process):
    url = make_article().get_absolute_url()
    processes = [process(), process()]
    application = processes[0]._cache._application
    asked = []

    def slow(environ, start_response):
        asked.append(environ["PATH_INFO"])
        # Long enough for the other to come and find that it is being made.
        threading.Event().wait(0.3)
        return application(environ, start_response)

    for each in processes:
        each._cache._application = slow
    both, bodies = threading.Barrier(2), []

    def ask(each):
        both.wait()
        bodies.append(each.get(url).body)

    threads = [threading.Thread(target=ask, args=[each]) for each in processes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [url]
    assert bodies[0] == bodies[1]


def test_who_waits_too_long_makes_it_himself(process, monkeypatch):
    monkeypatch.setattr(shared, "PATIENCE", 0.05)
    url = make_article().get_absolute_url()
    first, second = process(), process()
    with first._cache._machine().alone(("http", "testserver", url, "", False)):
        assert second.get(url).status == 200
    assert second.made == 1


def test_what_is_not_kept_is_not_put_there_either(process):
    first, second = process(), process()
    first.get("/nowhere/")
    second.get("/nowhere/")
    assert second.made == 1


# --- Whose pages they are -------------------------------------------------------------------------------------------------


def test_another_start_of_the_server_finds_nothing_and_takes_the_old_ones_away(process, folder):
    first, second = "pages-0123456789abcdef", "pages-fedcba9876543210"
    url = make_article().get_absolute_url()
    process(first).get(url)
    later = process(second)
    later.get(url)
    assert later.made == 1
    assert [found.name for found in folder.iterdir()] == [second]


def test_what_else_is_in_the_folder_stays(process, folder):
    """Somebody has named the folder of the database."""
    (folder / "media").mkdir(parents=True)
    (folder / "db.sqlite3").write_text("All that we have.")
    process().get(make_article().get_absolute_url())
    process(shared.generation()).get(make_article().get_absolute_url())
    assert (folder / "media").is_dir()
    assert (folder / "db.sqlite3").read_text() == "All that we have."


def test_a_server_is_known_by_its_process_and_by_the_code(monkeypatch):
    now = shared.generation()
    assert shared.generation() == now
    assert shared.GENERATION.fullmatch(now)
    with monkeypatch.context() as patch:
        patch.setattr(shared, "_code", lambda: "other code")
        assert shared.generation() != now
    monkeypatch.setattr(shared.os, "getppid", lambda: 1)
    assert shared.generation() != now


def test_nobody_else_on_the_machine_may_read_them(process, folder):
    process().get(make_article().get_absolute_url())
    files = [found for found in folder.rglob("*") if found.is_file()]
    assert files
    assert {found.stat().st_mode & 0o077 for found in files} == {0}
    assert (folder / "one").stat().st_mode & 0o777 == 0o700


# --- What may go wrong ----------------------------------------------------------------------------------------------------


def test_a_page_comes_back_as_it_was(folder):
    large, small = page(body=b"<p>It rained on the harbour.</p>" * 100), page(changes_at=7.5)
    stored = Shared(folder, 64 * MEGABYTE, "one")
    for before in (large, small):
        stored.put(KEY, before)
        assert stored.get(KEY) == before


def test_without_its_folder_pages_are_made_as_ever(process, folder):
    url = make_article().get_absolute_url()
    folder.write_text("in the way")
    lonely = process()
    assert lonely.get(url).status == 200
    lonely.get(url)
    assert lonely.made == 1


@pytest.mark.parametrize("damaged", [b"", b"{", b'["200 OK"]\nbody', b"7\n", b"\xff\xfe\n"])
def test_a_damaged_file_is_none(folder, damaged):
    stored = Shared(folder, 64 * MEGABYTE, "one")
    stored.put(KEY, page())
    [file] = [found for found in folder.rglob("*") if found.is_file()]
    file.write_bytes(damaged)
    assert stored.get(KEY) is None


def test_it_does_not_grow_over_its_room(folder):
    capacity = FOLDERS * 10_000
    stored = Shared(folder, capacity, "one")
    body = bytes(range(256)) * 4
    for number in range(6_000):
        stored.put(key(f"/{number}"), page(body=body))
    used = sum(found.stat().st_size for found in folder.rglob("*") if found.is_file())
    assert capacity / 2 < used <= capacity + FOLDERS * PUTS_A_LOOK * 1_500
    assert stored.get(key("/5999")) is not None
    assert stored.get(key("/0")) is None


def test_what_would_take_the_room_of_many_is_not_put_there(folder):
    stored = Shared(folder, FOLDERS * 10_000, "one")
    stored.put(KEY, page(body=os.urandom(2_600)))
    assert stored.get(KEY) is None


def test_on_a_small_disk_others_have_room_as_well(folder, monkeypatch):
    real = os.statvfs

    def small(path):
        told = real(path)
        return (
            types.SimpleNamespace(f_blocks=FOLDERS * 10_000 * 4, f_frsize=1)
            if str(path).startswith(str(folder))
            else told
        )

    monkeypatch.setattr(os, "statvfs", small)
    stored = Shared(folder, 2**40, "one")
    stored.put(KEY, page(body=os.urandom(2_600)))
    assert stored.get(KEY) is None


def test_a_disk_that_is_full_is_made_room_on(folder, monkeypatch):
    stored = Shared(folder, FOLDERS * 10_000, "one")
    monkeypatch.setattr(shared, "PUTS_A_LOOK", 10**6)
    mine = [number for number in range(20_000) if stored._file(key(f"/{number}")).parent.name == "00"][:30]
    for number in mine:
        stored.put(key(f"/{number}"), page(body=os.urandom(1_000)))
    monkeypatch.setattr(
        shared, "_write", lambda file, content: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    stored.put(key(f"/{mine[0]}"), page(body=os.urandom(1_000)))
    used = sum(found.stat().st_size for found in (folder / "one" / "00").iterdir())
    assert used <= 10_000
