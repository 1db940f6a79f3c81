"""Whoever can write where backups are kept can seal an archive as ours are; only who has SECRET_KEY can sign one."""

import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError

from articles.models import Article
from newsportal.backup import archive, site_database
from newsportal.tests.backups import (
    all_rows,
    back_up,
    changed,
    database_member,
    make_newspaper,
    manage,
    member,
    with_manifest,
    with_member,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_numbers")]

NOT_SIGNED = "is not signed with this installation's SECRET_KEY"
OTHER_KEY = "the key of another installation, which nobody here has ever seen"


@pytest.fixture
def place(tmp_path):
    return tmp_path / "backups"


def as_before_signatures(path: Path) -> Path:
    return changed(path, lambda members: None, signed=False)


def signed_by(path: Path, comment: bytes) -> Path:
    """The archive with somebody else's signature, sealed."""
    other = changed(path, lambda members: None)
    with zipfile.ZipFile(other, "a") as packed:
        packed.comment = comment[: -archive.SEAL] + b"0" * archive.SEAL
    archive.seal(other)
    return other


def comment_of(path: Path) -> bytes:
    with zipfile.ZipFile(path) as packed:
        return packed.comment


def refused(path: Path) -> None:
    rows = all_rows()
    for command in (("restore", str(path), "--replace"), ("verify_backup", str(path))):
        with pytest.raises(CommandError, match=NOT_SIGNED):
            manage(*command)
    assert all_rows() == rows


def test_what_is_sealed_and_not_signed_is_neither_restored_nor_tried(place):
    make_newspaper()
    refused(as_before_signatures(back_up(place)))


def test_a_signature_is_of_one_manifest_and_of_no_other(place):
    make_newspaper()
    path = back_up(place)
    refused(signed_by(with_manifest(path, made_at="2030-01-01T00:00:00+00:00"), comment_of(path)))
    for forged in (b"x" * archive.SIGNATURE, b"\xff" * archive.SIGNATURE, b":" * archive.SIGNATURE):
        refused(signed_by(path, forged + b"0" * archive.SEAL))


def test_a_member_that_its_signed_manifest_does_not_know_is_refused(place):
    make_newspaper()
    path = back_up(place)
    signature = comment_of(path)
    other = changed(path, lambda members: members.update({database_member(): b"somebody else's"}))
    for command in (("restore", str(other), "--replace"), ("verify_backup", str(other))):
        with pytest.raises(CommandError, match="not what the manifest says"):
            manage(*command)
    assert comment_of(other)[: -archive.SEAL] == signature[: -archive.SEAL]


def test_nothing_of_an_unsigned_dump_is_run(place, monkeypatch):
    make_newspaper()
    other = as_before_signatures(back_up(place))

    def never(*args, **options):
        raise AssertionError("it was run")

    monkeypatch.setattr(type(site_database()), "aside", never)
    monkeypatch.setattr(type(site_database()), "check", never)
    refused(other)


def test_another_installation_has_another_key(place, settings):
    make_newspaper()
    settings.SECRET_KEY, own = OTHER_KEY, settings.SECRET_KEY
    path = back_up(place)
    settings.SECRET_KEY = own
    refused(path)


def test_who_has_changed_the_key_restores_what_the_old_one_has_signed(place, settings):
    make_newspaper()
    path = back_up(place)
    settings.SECRET_KEY, own = OTHER_KEY, settings.SECRET_KEY
    settings.SECRET_KEY_FALLBACKS = [own]
    assert "is good" in manage("verify_backup", str(path))
    assert "is restored" in manage("restore", str(path), "--replace")


def test_who_knows_where_it_comes_from_says_so(place):
    make_newspaper()
    other = as_before_signatures(back_up(place))
    Article.objects.update(headline="Since then")
    assert "is good" in manage("verify_backup", str(other), "--unsigned")
    assert "is restored" in manage("restore", str(other), "--replace", "--unsigned")
    assert Article.objects.get().headline == "Gale warning for the harbour"


def test_what_somebody_else_says_of_files_is_not_signed_as_true(place):
    make_newspaper()
    path = back_up(place)
    lines = [json.loads(line) for line in member(path, archive.MEDIA).splitlines()]

    lie = b"".join(json.dumps(line | {"sha256": lines[0]["sha256"]}).encode() + b"\n" for line in lines)
    with_member(path, archive.MEDIA, lie, signed=False).replace(path)
    again = back_up(place)
    assert [json.loads(line) for line in member(again, archive.MEDIA).splitlines()] == lines
