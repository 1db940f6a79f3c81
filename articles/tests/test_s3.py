"""Pictures on S3-compatible storage: the same code, by configuration alone, against an emulator that speaks S3."""

import boto3
import pytest
from moto.server import ThreadedMotoServer

from articles.models import Image
from articles.pictures import renditions
from articles.tests.sample_pictures import drawing, encoded, upload

pytestmark = pytest.mark.django_db

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@pytest.fixture
def bucket(settings):
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    s3 = boto3.resource("s3", endpoint_url=endpoint, **KEYS)
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": "media",
                "endpoint_url": endpoint,
                "access_key": "test",
                "secret_key": "test",
                "region_name": "us-east-1",
                "querystring_auth": False,
            },
        },
    }
    yield s3.create_bucket(Bucket="media")
    server.stop()


def test_a_picture_and_its_renditions_come_and_go_in_the_bucket(bucket, django_capture_on_commit_callbacks):
    image = Image.ingest(upload(encoded(drawing(640, 480))), title="Harbour", alt="A harbour")
    stored = {item.key for item in bucket.objects.all()}
    assert stored == {image.file.name, *renditions.names(image)}
    assert "/media/renditions/" in renditions.sizes(image)[0].url()

    with django_capture_on_commit_callbacks(execute=True):
        image.delete()
    assert not list(bucket.objects.all())
