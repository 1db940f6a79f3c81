"""Backups to S3-compatible storage, and of media that are there, against an emulator that speaks S3."""

import boto3
import pytest
from botocore.httpsession import URLLib3Session
from django.core.files.storage import default_storage
from django.core.management import CommandError
from moto.server import ThreadedMotoServer

from articles.models import Article
from articles.tests.factories import make_image
from articles.tests.sample_pictures import drawing
from newsportal.backup import media
from newsportal.backup.places import in_pool, place
from newsportal.tests.backups import all_media, all_rows, make_newspaper, manage
from newsportal.tests.settings_file import read

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("own_numbers")]

TO = "s3://backups/of/the-post"


@pytest.fixture
def s3(settings):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings.S3 = {
        "endpoint_url": f"http://{host}:{port}", "region_name": "us-east-1", "access_key": "test", "secret_key": "test",
    }  # fmt: skip
    found = boto3.resource(
        "s3", endpoint_url=settings.S3["endpoint_url"], region_name="us-east-1", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip
    found.create_bucket(Bucket="backups")
    yield found
    server.stop()


@pytest.fixture
def media_in_s3(s3, settings):
    s3.create_bucket(Bucket="media")
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": settings.S3 | {"bucket_name": "media", "querystring_auth": False, "location": "of-the-post"},
        },
    }
    return s3.Bucket("media")


@pytest.fixture
def sent(monkeypatch):
    """The headers of all that is sent to a storage."""
    headers = []

    def send(self, request):
        headers.append({name.lower(): str(value) for name, value in request.headers.items()})
        return sends(self, request)

    sends = URLLib3Session.send
    monkeypatch.setattr(URLLib3Session, "send", send)
    return headers


def test_from_here_to_a_bucket_and_back(s3):
    make_newspaper()
    rows, pictures = all_rows(), all_media()
    assert f"{TO}" in manage("backup", TO)
    (name,) = place(TO).archives()
    stored = {item.key for item in s3.Bucket("backups").objects.all()}
    assert stored == {f"of/the-post/{name}", *(f"of/the-post/{in_pool(digest)}" for digest in place(TO).pool())}

    gone = make_image(picture=drawing(40, 40))
    assert "of which 0 (" not in manage("backup", TO)
    assert "of which 0 (" in manage("backup", TO)
    gone.delete()
    pool = place(TO).pool()
    assert "3 older deleted" in manage("backup", f"{TO}/", "--keep=1")
    assert place(TO).pool().keys() < pool.keys()
    assert "is good" in manage("verify_backup", TO)

    Article.objects.update(headline="Since then")
    default_storage.delete(min(pictures))
    (name,) = place(TO).archives()
    assert "1 of" in manage("restore", f"{TO}/{name}", "--replace")
    assert (all_rows(), all_media()) == (rows, pictures)


def test_from_one_bucket_to_another_and_back(media_in_s3):
    article = make_newspaper()
    pictures = all_media()
    assert pictures.keys() == media.listing().keys() == article.lead_image.file_names()
    assert all(item.key.startswith("of-the-post/") for item in media_in_s3.objects.all())
    manage("backup", TO)
    assert "of which 0 (" in manage("backup", TO)
    with pytest.raises(CommandError, match="readers could fetch the backup"):
        manage("backup", "s3://media/of-the-post/backups")
    first = min(pictures)
    default_storage.delete(first)
    with pytest.raises(CommandError, match="not empty"):
        manage("restore", TO)
    assert f"1 of {len(pictures)} media files" in manage("restore", TO, "--replace")
    assert all_media() == pictures


def test_a_damaged_object_and_a_bucket_that_is_not_there_are_said(s3):
    make_newspaper()
    manage("backup", TO)
    digest = min(place(TO).pool())
    s3.Object("backups", f"of/the-post/{in_pool(digest)}").put(Body=b"damaged")
    with pytest.raises(CommandError, match=f"{in_pool(digest)} in {TO} is damaged"):
        manage("verify_backup", TO)
    with pytest.raises(CommandError, match="s3://nowhere cannot be used"):
        manage("backup", "s3://nowhere")
    with pytest.raises(CommandError, match=r"There is no x\.zip"):
        manage("restore", f"{TO}/x.zip")


def test_a_storage_that_knows_nothing_of_new_checksums_is_sent_none(media_in_s3, settings, sent):
    of_media = read(S3_BUCKET="media").STORAGES["default"]["OPTIONS"]["client_config"]
    options = settings.STORAGES["default"]["OPTIONS"] | {"client_config": of_media}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    make_newspaper()
    manage("backup", "s3://backups/of/another")
    manage("verify_backup", "s3://backups/of/another")
    assert len(sent) > 5
    for headers in sent:
        assert not [
            name for name in headers if name.startswith(("x-amz-checksum-", "x-amz-sdk-checksum", "x-amz-trailer"))
        ]
        assert "aws-chunked" not in headers.get("content-encoding", "")
