"""Who asks to save data gets smaller pictures, and nothing else differs."""

import re

import pytest

from articles.pictures.renditions import SIZE_SETS, WHOLE, newest_set
from articles.tests.factories import make_article, make_image
from articles.tests.sample_pictures import drawing

pytestmark = pytest.mark.django_db

SAVING = {"save-data": "on"}
OFFERED = SIZE_SETS[newest_set()]


@pytest.fixture
def story():
    image = make_image(picture=drawing(2000, 1500))
    return make_article(lead_image=image, body=f'<p>Rain.</p><figure data-image="{image.pk}"></figure><p>More.</p>')


def widths(html: str) -> set[int]:
    return {int(width) for srcset in re.findall(r'srcset="([^"]+)"', html) for width in re.findall(r" (\d+)w", srcset)}


def test_the_smallest_rendition_is_all_that_is_offered(client, story):
    usual = client.get(story.get_absolute_url()).content.decode()
    saving = client.get(story.get_absolute_url(), headers=SAVING).content.decode()
    assert widths(usual) == set(OFFERED[WHOLE])
    assert widths(saving) == {OFFERED[WHOLE][0]}
    assert widths(client.get("/", headers=SAVING).content.decode()) == {OFFERED["16:9"][0]}
    # Apart from the lists of renditions the pages are the same.
    without = re.compile(r' srcset="[^"]+"')
    assert without.sub("", usual) == without.sub("", saving)
    assert len(saving) < len(usual)


def test_the_two_editions_are_told_apart_by_caches(client, story):
    url = story.get_absolute_url()
    usual, saving = client.get(url), client.get(url, headers=SAVING)
    for response in (usual, saving):
        assert "Save-Data" in response["Vary"]
        assert response["Cache-Control"] == "public, no-cache"
    assert usual["ETag"] != saving["ETag"]
    assert client.get(url, headers=SAVING | {"if-none-match": saving["ETag"]}).status_code == 304
    assert client.get(url, headers=SAVING | {"if-none-match": usual["ETag"]}).status_code == 200


@pytest.mark.parametrize("value", ["off", "", "?1", "onwards"])
def test_only_a_clear_wish_counts(client, story, value):
    saving = client.get(story.get_absolute_url(), headers={"save-data": value}).content.decode()
    assert widths(saving) == set(OFFERED[WHOLE])


def test_a_page_without_pictures_has_one_edition(client):
    assert "Save-Data" not in client.get("/corrections/").get("Vary", "")
