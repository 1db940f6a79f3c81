"""Uploads are decoded where nothing can come of it."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

from articles import apart
from articles.pictures.apart import LIMITS, ingest_apart
from articles.pictures.ingest import LONG_SIDE, MAX_PIXELS, PictureRefused, ingest
from articles.tests.factories import make_image
from articles.tests.sample_pictures import drawing, encoded, upload


def test_what_comes_back_is_what_the_ingest_makes():
    content = encoded(drawing(900, 600), "PNG")
    assert ingest_apart(upload(content)) == ingest(upload(content))


def test_a_refusal_comes_back_in_its_words():
    with pytest.raises(PictureRefused, match="This is not a JPEG, PNG, WebP, AVIF or GIF picture"):
        ingest_apart(upload(b"<svg/>"))


@pytest.mark.parametrize(
    ("format", "mode"), [("WEBP", "RGBA"), ("AVIF", "RGBA"), ("PNG", "RGBA"), ("GIF", "P"), ("JPEG", "CMYK")]
)
def test_the_largest_of_each_format_is_taken(format, mode):
    side = math.isqrt(MAX_PIXELS)
    quickly = {"WEBP": {"method": 0}, "AVIF": {"speed": 10}}
    large = encoded(Image.new(mode, (side, side)), format, **quickly.get(format, {}))
    assert ingest_apart(upload(large)).width == LONG_SIDE


@pytest.mark.parametrize(("limit", "value"), [("memory", 300 * 2**20), ("time", 0.05)])
def test_a_picture_that_takes_too_much_is_refused_and_takes_nothing_of_ours(monkeypatch, limit, value):
    monkeypatch.setattr("articles.pictures.apart.LIMITS", replace(LIMITS, **{limit: value}))
    large = encoded(drawing(7000, 7000, "RGBA"), "PNG", compress_level=1)
    with pytest.raises(PictureRefused, match="too much memory or time"):
        ingest_apart(upload(large))


def test_one_is_decoded_at_a_time_and_who_waits_in_vain_is_told_so(monkeypatch):
    monkeypatch.setattr("articles.pictures.apart.LIMITS", replace(LIMITS, turn=0.2))
    with apart._turn(0), pytest.raises(PictureRefused, match="Other pictures are being opened"):
        ingest_apart(upload(encoded()))
    assert ingest_apart(upload(encoded())).width


def test_who_is_killed_gives_the_turn_back():
    waits = f"import time; from articles import apart; apart.LOCKED = {apart.LOCKED!r}\n"
    waits += "with apart._turn(0): print(flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", waits], stdout=subprocess.PIPE)
    other.stdout.readline()
    with pytest.raises(apart.NoTurn), apart._turn(0):
        pass
    other.kill()
    other.communicate()
    with apart._turn(0):
        pass


def test_what_goes_on_for_ever_is_ended_by_the_time_of_its_processor():
    with pytest.raises(apart.TookTooMuch):
        apart.ask("articles.tests.spinning", b"", replace(LIMITS, processor=1))


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\n", b"[]\n", b"null\nx", b"{}\n", b'{"extension": "svg", "width": 1, "height": 1}\n<svg/>',
        b'{"extension": "jpg", "width": 1, "height": 1}\n<html>',
        b'{"extension": "png", "width": 0, "height": 1}\n\x89PNG\r\n\x1a\n',
        b'{"extension": "jpg", "width": 99999, "height": 1}\n\xff\xd8\xff', b'{"extension": "../../x", "width": 1, "height": 1}\n?',
    ],
)  # fmt: skip
def test_a_process_that_has_been_taken_over_is_not_believed(monkeypatch, answer):
    taken_over = subprocess.CompletedProcess([], 0, stdout=answer, stderr=b"")
    monkeypatch.setattr(apart.subprocess, "run", lambda *args, **kwargs: taken_over)
    with pytest.raises(PictureRefused):
        ingest_apart(upload(encoded()))


def test_it_is_told_no_secrets(monkeypatch):
    assert "SECRET_KEY" in os.environ
    told = []
    run = subprocess.run
    monkeypatch.setattr(
        apart.subprocess, "run", lambda *args, **kwargs: told.append(kwargs["env"]) or run(*args, **kwargs)
    )
    ingest_apart(upload(encoded()))
    assert "SECRET" not in json.dumps(told)


@pytest.mark.django_db
def test_one_person_adds_so_many_pictures_a_day(client, editor, reporter, settings):
    settings.UPLOADS_A_DAY = 2
    for _ in range(2):
        make_image(uploaded_by=reporter)
    form = {"title": "A boat", "alt": "A boat", "focal_x": "0.5", "focal_y": "0.5"}
    for person, status in ((reporter, 200), (editor, 302)):
        client.force_login(person)
        answer = client.post("/admin/articles/image/add/", form | {"upload": upload()})
        assert answer.status_code == status
        if status == 200:
            errors = answer.context["adminform"].form.errors
            assert "as many as one person may" in errors["upload"][0]
            assert 'value="A boat"' in answer.content.decode()
