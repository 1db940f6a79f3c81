"""A newspaper that has outgrown SQLite takes everything along to PostgreSQL: a backup of the one is restored into the other."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import CommandError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test import Client

from articles.models import Article, Image
from articles.tests.factories import make_article
from comments.models import Comment
from newsportal.backup import moving
from newsportal.backup.engine import LEFT_OUT
from newsportal.environment import BASE_DIR
from newsportal.staff.append_only import REFUSAL
from newsportal.staff.audit import AuditEntry
from newsportal.tests.backups import manage, media_are_whole

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("own_numbers"),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL takes over what SQLite had"),
]

MAKE = """
import datetime
from django.core.management import call_command
from django.contrib.auth.models import Group, User
from django.utils import timezone
from articles.models import Article
from articles.tests.factories import make_article, make_contributor, make_image
from articles.tests.sample_pictures import drawing
from comments.models import Status
from comments.tests.factories import make_comment
from newsportal.staff.audit import record
call_command("migrate", verbosity=0)
call_command("fill", articles=40, comments=150, seed=7, verbosity=0)
desk = User.objects.create_superuser("desk")
editor = User.objects.create_user("editor")
editor.groups.add(Group.objects.get(name="Editor"))
article = make_article(
    headline="Vladimír’s ferry “Ørsted” is late — 渡船", body="<p>A\\ttab, a \\\\ and a line\\nbreak.</p>",
    tags=("weather", "Žižkov"), lead_image=make_image(picture=drawing(120, 90)),
    bylines=((make_contributor(name="Jo Ó"), "author"),),
)
article.record(desk)
article.correct(desk, "It was not so.")
make_article(headline="To come", publish_at=timezone.now() + datetime.timedelta(days=3))
first = make_comment(article=article, status=Status.PUBLISHED, body="Late again.")
make_comment(article=article, parent=first, status=Status.PENDING, body="And again.")
call_command("backup", BACKUPS)
"""


def old_site(folder: Path, *command: str) -> str:
    """What a command says at the newspaper on SQLite."""
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}", "CACHE_URL": "locmemcache://", "MEDIA_ROOT": str(folder / "media"),
        "DEBUG": "true", "SITE_URL": settings.SITE_URL, "SECRET_KEY": settings.SECRET_KEY,
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "manage.py", *command], env=environment, cwd=BASE_DIR, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.fixture(scope="module")
def newspaper(tmp_path_factory) -> Path:
    """The folder of one on SQLite, with its backups in `backups`."""
    folder = tmp_path_factory.mktemp("small")
    old_site(folder, "shell", "-c", MAKE.replace("BACKUPS", repr(str(folder / "backups"))))
    return folder


def as_the_old_site_tells_it(folder: Path) -> dict:
    """Of each table the rows, as Django reads them."""
    code = f"""
import json
from django.apps import apps
from django.core.serializers.json import DjangoJSONEncoder
print("ROWS " + json.dumps({{
    model._meta.db_table: sorted((list(row) for row in model._base_manager.values_list()), key=repr)
    for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in {set(LEFT_OUT)!r}
}}, cls=DjangoJSONEncoder))
"""
    return json.loads(old_site(folder, "shell", "-c", code).partition("ROWS ")[2])


def test_every_row_and_every_picture_comes_along_and_the_newspaper_goes_on(newspaper):
    (path,) = (newspaper / "backups").glob("*.zip")
    assert media_are_whole(path)
    manage("restore", str(newspaper / "backups"))
    there = as_the_old_site_tells_it(newspaper)
    # What a search index is made of stands there in another form; numbers of the page cache are raised.
    other_form = {"articles_searchentry", "articles_pictureentry", "newsportal_edition"}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if table not in {*LEFT_OUT, *other_form}:
            rows = sorted((list(row) for row in model._base_manager.values_list()), key=repr)
            assert json.loads(json.dumps(rows, cls=DjangoJSONEncoder)) == there[table], table
    for image in Image.objects.all():
        with image.file.open() as picture:
            assert len(picture.read()) > 100
    goes_on()
    is_guarded()
    assert databases_beside() == []


def goes_on() -> None:
    article = Article.objects.get(headline__startswith="Vladimír")
    page = Client().get(article.get_absolute_url()).content.decode()
    assert "渡船" in page and "Late again." in page and "It was not so." in page
    for words in ("orsted", "vladimir", "ferries zizkov", "渡船"):
        assert article.get_absolute_url() in Client().get("/search/", {"q": words}).content.decode()
    desk = Client()
    desk.force_login(User.objects.get(username="desk"))
    assert desk.get(f"/admin/articles/article/{article.pk}/change/").status_code == 200
    assert User.objects.get(username="editor").has_perm("articles.publish_article")
    newest = Article.objects.order_by("-pk").first().pk
    assert make_article().pk > newest
    assert Comment.objects.get(body="And again.").parent == Comment.objects.get(body="Late again.")


def is_guarded() -> None:
    assert AuditEntry.objects.exists()
    with pytest.raises(Exception, match=REFUSAL):
        AuditEntry.objects.all().delete()


def databases_beside() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{connection.settings_dict['NAME']}_aside%"]
        )
        return cursor.fetchall()


def test_what_is_there_is_replaced_only_when_asked_and_kept(newspaper, tmp_path):
    make_article(headline="Already here")
    with pytest.raises(CommandError, match="--replace"):
        manage("restore", str(newspaper / "backups"))
    assert Article.objects.get().headline == "Already here"
    assert databases_beside() == []
    said = manage("restore", str(newspaper / "backups"), "--replace")
    assert "before-restore" in said
    assert not Article.objects.filter(headline="Already here").exists()
    (kept,) = (newspaper / "backups").glob("*-before-restore.zip")
    kept.unlink()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (
            "UPDATE articles_article SET kind = 'longer than ten'",
            "articles_article cannot be taken over: value too long",
        ),
        ("UPDATE articles_article SET section_id = 987654321", "cannot be taken over: insert or update on table"),
        ("UPDATE comments_comment SET name = 'a' || char(0) || 'b'", "comments_comment cannot be taken over: .*NUL"),
    ],
)
def test_rows_that_do_not_fit_are_named_and_nothing_is_replaced(newspaper, monkeypatch, change, why):
    """SQLite takes what PostgreSQL does not."""
    make_article(headline="Already here")
    converted = moving.converted

    def spoilt(file, scratch):
        with closing(sqlite3.connect(file)) as database:
            database.execute(change)
            database.commit()
        return converted(file, scratch)

    monkeypatch.setattr(moving, "converted", spoilt)
    with pytest.raises(CommandError, match=why):
        manage("restore", str(newspaper / "backups"), "--replace")
    assert Article.objects.get().headline == "Already here"
    assert databases_beside() == []
