"""Jobs are done after the answer, once each, however many look for them, and are not lost when a process is killed."""

import contextlib
import datetime
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from django_tasks.base import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from articles.clocks import AHEAD
from articles.http.attempts import LAST_ATTEMPT, PAUSES
from articles.tests.factories import make_article, make_image
from newsportal import background, backlog
from newsportal.environment import BASE_DIR
from newsportal.management.commands import background_worker
from newsportal.tests.jobs import ask, be_overtaken, fail, note, note_slowly, offer
from newsportal.tests.nodes import database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def in_thread(settings):
    settings.BACKGROUND_WORKER = "thread"
    yield background.in_process
    assert background.in_process.wait(30)


def done() -> set[str]:
    return set(Group.objects.filter(name__startswith="job").values_list("name", flat=True))


def abandon(*, minutes: int, workers: int = 1) -> DBTaskResult:
    """A job whose process was killed so long ago."""
    job = DBTaskResult.objects.get(pk=note.enqueue("job abandoned").id)
    job.claim("killed")
    DBTaskResult.objects.filter(pk=job.pk).update(
        started_at=timezone.now() - datetime.timedelta(minutes=minutes), worker_ids=["killed"] * workers
    )
    return job


def test_a_thread_does_the_job_and_ends(in_thread):
    note.enqueue("job one")
    assert in_thread.wait(30)
    assert done() == {"job one"}
    assert not [thread for thread in threading.enumerate() if thread.name == "background"]


def test_a_job_waits_for_the_transaction_it_was_written_in(in_thread):
    with transaction.atomic():
        note.enqueue("job one")
        assert in_thread.wait(1)
        assert done() == set()
    assert in_thread.wait(30)
    assert done() == {"job one"}


def test_a_transaction_that_fails_leaves_no_job(in_thread):
    with pytest.raises(RuntimeError), transaction.atomic():
        note.enqueue("job one")
        raise RuntimeError
    background.in_process.wake()
    assert in_thread.wait(30)
    assert done() == set()


def test_nothing_is_begun_while_it_is_held_and_nothing_is_forgotten(in_thread):
    with in_thread.held():
        note.enqueue("job one")
        assert in_thread.wait(1)
        assert done() == set()
    in_thread.wake()
    assert in_thread.wait(30)
    assert done() == {"job one"}


def test_the_thread_closes_its_connections(in_thread, monkeypatch):
    closed, real = [], type(connections).close_all
    monkeypatch.setattr(
        type(connections), "close_all", lambda self: closed.append(threading.current_thread().name) or real(self)
    )
    note.enqueue("job one")
    assert in_thread.wait(30)
    assert set(closed) == {"background"}


def test_with_a_process_of_its_own_nothing_is_done_here(settings):
    note.enqueue("job one")
    assert background.in_process.wait(5)
    assert done() == set()
    call_command("background_worker", "--once", verbosity=0)
    assert done() == {"job one"}


def test_a_request_finds_what_another_process_left(in_thread, client, monkeypatch):
    abandon(minutes=20)
    monkeypatch.setattr(in_thread, "looked_at", -float("inf"))
    client.get("/healthz")
    assert in_thread.wait(30)
    assert done() == {"job abandoned"}


def test_two_drains_at_once_do_each_job_once():
    for number in range(20):
        note.enqueue(f"job {number}")
    start, counts = threading.Barrier(2), []

    def work():
        start.wait()
        try:
            counts.append(background.drain())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(counts) == 20
    assert len(done()) == 20
    assert all(len(job.worker_ids) == 1 for job in DBTaskResult.objects.all())


def test_a_job_that_breaks_stops_no_other():
    fail.enqueue()
    note.enqueue("job one")
    background.drain()
    assert done() == {"job one"}
    assert DBTaskResult.objects.failed().count() == 1


def test_a_job_of_a_killed_process_is_put_back_and_done():
    abandon(minutes=20)
    assert background.put_back_abandoned() == 1
    background.drain()
    assert done() == {"job abandoned"}


def test_an_abandoned_job_that_another_has_put_back_and_begun_meanwhile_is_left_to_it(monkeypatch):
    first, second = abandon(minutes=20), abandon(minutes=20)
    first, second = sorted([first, second], key=lambda job: job.pk)
    real = background.logger.warning

    def warn(*told):
        # Another process has found both, and has begun the second anew.
        DBTaskResult.objects.filter(pk=second.pk).update(started_at=timezone.now(), worker_ids=["killed", "another"])
        real(*told)

    monkeypatch.setattr(background.logger, "warning", warn)
    assert background.put_back_abandoned() == 1
    for job in (first, second):
        job.refresh_from_db()
    assert (first.status, second.status) == (TaskResultStatus.READY, TaskResultStatus.RUNNING)


def test_a_job_that_may_still_be_running_is_left_alone():
    job = abandon(minutes=5)
    assert background.put_back_abandoned() == 0
    job.refresh_from_db()
    assert job.status == TaskResultStatus.RUNNING


def test_a_job_that_was_begun_by_a_clock_that_was_ahead_is_put_back_and_done():
    longest = AHEAD * background.ABANDONED_AFTER.total_seconds() / 60
    job = abandon(minutes=5 - longest)
    assert background.put_back_abandoned() == 0, "clocks differ by so much"
    DBTaskResult.objects.filter(pk=job.pk).update(started_at=timezone.now() + datetime.timedelta(days=2000))
    assert background.put_back_abandoned() == 1
    background.drain()
    assert done() == {"job abandoned"}


def test_a_job_that_kills_each_process_is_given_up():
    job = abandon(minutes=20, workers=background.MAX_STARTS)
    assert background.put_back_abandoned() == 0
    job.refresh_from_db()
    assert job.status == TaskResultStatus.FAILED


def test_a_job_for_later_is_not_done_now():
    note.using(run_after=timezone.now() + datetime.timedelta(hours=1)).enqueue("job later")
    note.using(run_after=timezone.now() - datetime.timedelta(hours=1)).enqueue("job due")
    background.drain()
    assert done() == {"job due"}


# --- Passing trouble --------------------------------------------------------------------------------------------------

#: What databases say while they are away or busy: of themselves, and of others that they are asked to open.
PASSING = {
    "sqlite": {"away": "ATTACH DATABASE '/nowhere/at/all.sqlite3' AS elsewhere"},
    "postgresql": {
        "started anew": "SELECT pg_terminate_backend(pg_backend_pid())",
        "a deadlock": "DO $$ BEGIN RAISE 'of two, one has lost' USING ERRCODE = '40P01'; END $$",
    },
}[connection.vendor]


def try_once_more() -> None:
    """As if the time of the next attempt had come."""
    DBTaskResult.objects.filter(status=TaskResultStatus.READY).update(run_after=timezone.now())
    background.drain()


@pytest.mark.parametrize("lead", ["without a picture", "with a picture"])
def test_a_share_card_is_made_once_the_storage_is_back(settings, tmp_path, time_machine, lead):
    story = make_article(lead_image=make_image() if lead == "with a picture" else None)
    there, settings.MEDIA_ROOT = settings.MEDIA_ROOT, str(tmp_path / "file" / "media")
    (tmp_path / "file").write_text("where a folder should be")
    background.drain()
    job = DBTaskResult.objects.get(task_path__endswith=".make_share_card")
    assert (job.status, job.finished_at) == (TaskResultStatus.READY, None)
    settings.MEDIA_ROOT = there
    background.drain()
    story.refresh_from_db()
    assert story.share_card == "", "not before its time"
    time_machine.move_to(timezone.now() + datetime.timedelta(minutes=PAUSES[0], seconds=1))
    background.drain()
    story.refresh_from_db()
    job.refresh_from_db()
    assert story.share_card and default_storage.exists(story.share_card)
    assert (job.status, job.exception_class_path) == (TaskResultStatus.SUCCESSFUL, "")


def test_a_picture_that_is_lost_is_no_passing_trouble():
    story = make_article(lead_image=make_image())
    default_storage.delete(str(story.lead_image.file))
    background.drain()
    [failed] = DBTaskResult.objects.failed()
    assert "FileNotFoundError" in failed.traceback


@pytest.mark.parametrize("trouble", PASSING)
def test_a_job_that_finds_the_database_away_or_busy_is_done_later(trouble):
    job = DBTaskResult.objects.get(pk=ask.enqueue(PASSING[trouble]).id)
    note.enqueue("job one")
    began = timezone.now()
    background.drain()
    job.refresh_from_db()
    assert (job.status, job.exception_class_path) == (TaskResultStatus.READY, "django.db.utils.OperationalError")
    assert 0 <= (job.run_after - began).total_seconds() - 60 * PAUSES[0] < 30
    assert done() == {"job one"}, "it keeps no other from being done"
    assert list(backlog.tried_again()) == [job]


def test_the_pauses_grow_and_after_the_last_it_has_failed_for_the_desk_to_see(caplog):
    job = DBTaskResult.objects.get(pk=ask.enqueue(next(iter(PASSING.values()))).id)
    for pause in PAUSES:
        try_once_more()
        job.refresh_from_db()
        assert job.status == TaskResultStatus.READY
        assert (job.run_after - timezone.now()).total_seconds() == pytest.approx(60 * pause, abs=30)
    assert "Given up" not in caplog.text
    try_once_more()
    job.refresh_from_db()
    assert (job.status, len(job.worker_ids)) == (TaskResultStatus.FAILED, LAST_ATTEMPT)
    assert list(backlog.failed_jobs()) == [job] and "OperationalError" in job.traceback
    assert f"Given up after {LAST_ATTEMPT} attempts: ask" in caplog.text
    # From the desk it has as many attempts as at first.
    assert background.do_again(DBTaskResult.objects.all()) == 1
    background.drain()
    job.refresh_from_db()
    assert (job.status, len(job.worker_ids)) == (TaskResultStatus.READY, 1)


def test_a_table_that_is_missing_is_an_error_of_ours_and_not_tried_again():
    ask.enqueue("SELECT 1 FROM nowhere_at_all")
    background.drain()
    assert DBTaskResult.objects.failed().count() == 1 and not DBTaskResult.objects.filter(status="READY").exists()


def test_a_job_that_counts_its_attempts_has_no_more_of_them():
    offer.enqueue()
    for _ in range(2 * LAST_ATTEMPT):
        try_once_more()
    assert done() == {f"job {attempt}" for attempt in range(1, LAST_ATTEMPT + 1)}
    assert DBTaskResult.objects.failed().count() == 1
    assert not DBTaskResult.objects.filter(status=TaskResultStatus.READY).exists()


def test_what_another_has_begun_meanwhile_is_left_to_it():
    job = DBTaskResult.objects.get(pk=be_overtaken.enqueue().id)
    background.drain()
    job.refresh_from_db()
    assert (job.status, job.worker_ids[1:]) == (TaskResultStatus.RUNNING, ["another"])


def test_the_thread_wakes_for_a_job_that_was_put_off(in_thread, monkeypatch):
    monkeypatch.setattr(background, "pause_after", lambda attempt: datetime.timedelta(milliseconds=100))
    offer.enqueue(attempt=2)
    # Nobody asks for a page.
    deadline = time.monotonic() + 30
    while done() != {"job 2", "job 3"} and time.monotonic() < deadline:
        time.sleep(0.02)
    assert in_thread.wait(30)
    assert done() == {"job 2", "job 3"}


# --- A worker of its own ----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def halted_worker(sign: Path) -> Iterator[subprocess.Popen]:
    """`manage.py background_worker` in the middle of a job."""
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "background_worker"], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"DATABASE_URL": database_url(), "HALT_JOBS": "yes"},
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not sign.exists():
            assert worker.poll() is None and time.monotonic() < deadline, "the worker never began"
            time.sleep(0.05)
        yield worker
    finally:
        worker.kill()
        worker.communicate()


@pytest.mark.parametrize("halts", ["before", "after"])
def test_a_job_whose_worker_is_killed_is_done_once_more_and_has_one_effect(tmp_path, halts):
    sign = tmp_path / "halted"
    job = DBTaskResult.objects.get(pk=note_slowly.enqueue("job", str(sign), halts).id)
    with halted_worker(sign) as worker:
        worker.send_signal(signal.SIGKILL)
        worker.wait(60)
    assert done() == ({"job"} if halts == "after" else set())
    # Nobody takes it for dead at once.
    call_command("background_worker", "--once", verbosity=0)
    job.refresh_from_db()
    assert job.status == TaskResultStatus.RUNNING
    began = job.started_at - background.ABANDONED_AFTER - datetime.timedelta(seconds=1)
    DBTaskResult.objects.filter(pk=job.pk).update(started_at=began)
    call_command("background_worker", "--once", verbosity=0)
    job.refresh_from_db()
    assert (job.status, len(job.worker_ids)) == (TaskResultStatus.SUCCESSFUL, 2)
    assert Group.objects.filter(name="job").count() == 1


def test_a_worker_that_is_told_to_stop_finishes_its_job_and_begins_no_other(tmp_path):
    sign = tmp_path / "halted"
    note_slowly.enqueue("job one", str(sign), "before")
    note.using(run_after=timezone.now() + datetime.timedelta(milliseconds=1)).enqueue("job two")
    DBTaskResult.objects.filter(task_path__endswith=".note").update(priority=-1)
    with halted_worker(sign) as worker:
        worker.send_signal(signal.SIGTERM)
        sign.unlink()
        output, _ = worker.communicate(timeout=60)
        assert (worker.returncode, output) == (0, "Jobs done: 1.\n")
    assert done() == {"job one"}
    assert DBTaskResult.objects.ready().count() == 1


def test_a_process_that_ends_finishes_its_job(settings, monkeypatch):
    settings.BACKGROUND_WORKER = "thread"
    begun, go_on = threading.Event(), threading.Event()

    def slow(name):
        begun.set()
        go_on.wait(60)
        return Group.objects.get_or_create(name=name)

    monkeypatch.setattr(Group.objects, "create", slow)
    ending = background.InProcess()
    monkeypatch.setattr(background, "in_process", ending)
    with transaction.atomic():
        note.enqueue("job one")
        note.enqueue("job two")
    assert begun.wait(60)
    finishing = threading.Thread(target=ending.finish)
    finishing.start()
    while not ending._stopped.is_set():
        time.sleep(0.01)
    go_on.set()
    finishing.join(60)
    assert len(done()) == 1
    ending.wake()
    assert ending.wait(0) and len(done()) == 1


def test_what_failed_stands_at_the_desk(client, administrator):
    fail.enqueue()
    background.drain()
    job = DBTaskResult.objects.failed().get()
    client.force_login(administrator)
    assert "fail" in client.get("/admin/django_tasks_database/dbtaskresult/?status=FAILED").content.decode()
    page = client.get(f"/admin/django_tasks_database/dbtaskresult/{job.pk}/change/").content.decode()
    assert "ZeroDivisionError" in page


def test_who_administrates_has_what_was_given_up_done_again(client, editor):
    administrator = User.objects.create_user("admin", is_staff=True)
    administrator.groups.add(Group.objects.get(name="Administrator"))
    Group.objects.create(name="job one")
    broken, well = note.enqueue("job one"), note.enqueue("job two")
    background.drain()
    assert [str(job.pk) for job in DBTaskResult.objects.failed()] == [broken.id]
    url = "/admin/django_tasks_database/dbtaskresult/"
    pressed = {"action": "do_again", "_selected_action": [broken.id, well.id]}
    client.force_login(editor)
    assert client.post(url, pressed).status_code == 403
    client.force_login(administrator)
    page = client.post(url, pressed, follow=True).content.decode()
    assert "1 piece of work is done again." in page
    # What went well is not done twice, or it would fail now.
    Group.objects.filter(name="job one").delete()
    background.drain()
    assert done() == {"job one", "job two"}
    assert not DBTaskResult.objects.failed().exists()
    assert "0 pieces of work are done again." in client.post(url, pressed, follow=True).content.decode()


def test_a_worker_without_its_tables_says_once_what_is_missing_and_goes_on(tmp_path):
    on_postgresql = connection.vendor == "postgresql"
    without = (
        f"{database_url()}?options=-c%20search_path%3Dnowhere"
        if on_postgresql
        else f"sqlite:///{tmp_path}/empty.sqlite3"
    )
    missing = "does not exist" if on_postgresql else "no such table"
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "background_worker"], cwd=BASE_DIR, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"DATABASE_URL": without, "LOG_LEVEL": "ERROR"},
    )  # fmt: skip
    try:
        said = next(line for line in worker.stderr if missing in line or "cannot be reached" in line)
        assert missing in said
        time.sleep(2 * background_worker.PAUSE + 1)
        assert worker.poll() is None
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(60) == 0
        assert "No job could be done" not in worker.stderr.read()
    finally:
        worker.kill()
        worker.communicate()
