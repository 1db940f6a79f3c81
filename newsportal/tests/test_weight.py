"""What a reader's phone has to load, compressed: a real story with a real talk under it."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.utils import timezone

from articles.models import Article
from articles.tests.factories import make_article, make_contributor
from comments.models import Comment, Status
from comments.tests.factories import make_comment
from newsportal.demo import texts
from newsportal.static_files import inline_imports

pytestmark = pytest.mark.django_db


def weight(content: bytes) -> int:
    return len(gzip.compress(content, 6))


def read(name: str) -> str:
    return Path(finders.find(name)).read_text(encoding="utf-8")


@pytest.fixture
def crowded() -> Article:
    """The longest story of the demo, with the words of fifty of its readers."""
    story = max((story for _, story in texts.stories()), key=lambda story: len(story.get_payload()))
    body = "".join(f"<p>{paragraph}</p>" for paragraph in story.get_payload().split("\n\n"))
    article = make_article(
        headline=story["Headline"] or "A story", standfirst="What happened, and why it matters here.", body=body,
        tags=("Courts", "Elections", "Harbour", "Constitution"),
        bylines=((make_contributor(), "written"), (make_contributor(), "photographs")),
    )  # fmt: skip
    for number in range(4):
        make_article(headline=f"A related story, of which there are four, number {number}", tags=("Courts", "Harbour"))
    said = [words.get_payload().strip() for words in texts.blocks("comments.txt")]
    roots: list[Comment] = []
    for number in range(50):
        parent = roots[(number - 20) % 20] if number >= 20 else None
        comment = make_comment(
            article=article, parent=parent, name=f"Reader {number}", body=f"{said[number % len(said)]} {number}",
            status=Status.PUBLISHED,
        )  # fmt: skip
        roots += [] if parent else [comment]
    Comment.objects.update(created_at=timezone.now())
    return article


def test_a_story_with_fifty_comments_weighs_25_kilobytes_and_a_first_visit_60(client, crowded):
    page = client.get(crowded.get_absolute_url()).content
    assert page.count(b'itemtype="https://schema.org/Comment"') == 50
    assert len(re.sub(rb"<[^>]+>", b"", page)) > 9_000, "the story and its talk are as long as they are in life"
    assert weight(page) <= 25_000
    scripts = re.findall(r'<script[^>]+src="/static/([^"]+)"', page.decode())
    assert scripts
    needed = [inline_imports("css/site.css", read), *map(read, scripts)]
    assert weight(page) + sum(weight(text.encode()) for text in needed) <= 60_000


def test_the_one_script_that_a_page_waits_for_is_there_before_its_stylesheet():
    assert weight(read("js/theme.js").encode()) <= 1_000


def test_a_page_goes_out_compressed(client, crowded):
    answer = client.get(crowded.get_absolute_url(), headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) <= 25_000
