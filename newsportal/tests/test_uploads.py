"""Files that are sent with a form, and find no room."""

import errno
from tempfile import NamedTemporaryFile

import pytest
from django import forms
from django.test import RequestFactory
from django.test.client import MULTIPART_CONTENT

from articles.pictures.files import NOT_STORED
from articles.tests.sample_pictures import upload


class AnyForm(forms.Form):
    file = forms.FileField()
    other = forms.FileField(required=False)
    words = forms.CharField()


@pytest.fixture
def folder(settings, tmp_path):
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000
    folder = tmp_path / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR = str(folder)
    folder.mkdir()
    return folder


def sent():
    """A form with two files and, after them, words."""
    fields = {"file": upload(b"one " * 500), "other": upload(b"two " * 500), "words": "Written for an hour"}
    return RequestFactory().post("/", fields)


def test_every_form_says_beside_each_file_that_there_was_no_room_for_it(folder):
    folder.rmdir()
    request = sent()
    form = AnyForm(request.POST, request.FILES)
    assert form.errors == {"file": [NOT_STORED], "other": [NOT_STORED]}
    assert form["words"].value() == "Written for an hour"
    request.close()


def test_of_two_files_the_one_for_which_there_was_room_is_kept(folder, monkeypatch):
    makes = iter([NamedTemporaryFile])

    def makes_one(**options):
        for make in makes:
            return make(**options)
        raise OSError(errno.ENOSPC, "No room")

    monkeypatch.setattr("django.core.files.temp.NamedTemporaryFile", makes_one)
    request = sent()
    form = AnyForm(request.POST, request.FILES)
    assert form.errors == {"other": [NOT_STORED]}
    assert form.cleaned_data["file"].read() == b"one " * 500
    request.close()
    assert not list(folder.iterdir())


@pytest.mark.parametrize("is_room", [True, False])
def test_a_browser_that_goes_away_in_the_middle_of_a_file_leaves_nothing(folder, is_room):
    if not is_room:
        folder.rmdir()
    request = RequestFactory().generic("POST", "/", sent().body[:1_500], MULTIPART_CONTENT)
    assert not request.FILES
    assert request.upload_handlers[-1].file_name == "picture.jpg", "it had begun"
    assert not folder.exists() or not list(folder.iterdir())
