"""The demo newsroom is what it promises: enough stories, well made, and built through the verbs."""

import re

import pytest

from articles.models import Article, Byline, Contributor, Image, Reads, Section
from articles.pictures import renditions
from articles.reads.most_read import DAY, top
from comments.models import Comment, Status
from newsportal.demo import texts
from newsportal.demo.drawing import draw
from newsportal.demo.newsroom import ROLES, Newsroom

STORIES = dict(texts.stories())


def words(markdown: str) -> int:
    return len(re.sub(r"```.*?```", " ", markdown, flags=re.DOTALL).split())


def test_there_are_at_least_48_stories_of_300_to_900_words():
    assert len(STORIES) >= 48
    wrong = {name: count for name, story in STORIES.items() if not 300 <= (count := words(story.get_payload())) <= 960}
    assert not wrong


def test_they_come_from_seven_sections_and_nine_contributors():
    assert len({story["Section"] for story in STORIES.values()}) == 7
    bylines = {line.rpartition(",")[0] for story in STORIES.values() for line in story.get_all("Byline")}
    assert bylines == {block["Name"] for block in texts.blocks("contributors.txt")}
    assert len(bylines) == 9
    assert {line.rpartition(",")[2].strip() for story in STORIES.values() for line in story.get_all("Byline")} <= set(
        ROLES
    )


def test_every_story_has_what_an_editor_would_ask_for():
    for name, story in STORIES.items():
        for header in ("Headline", "Standfirst", "Kind", "Lead", "Lead-Alt", "Lead-Credit", "Tags", "Published"):
            assert story[header], f"{name}: {header}"
        assert len(story["Headline"]) <= 200, name
        assert len(story.get("Short-Headline", "")) <= 80, name
        assert story["Kind"] in Article.Kind.values, name
        for figure in texts.figures(story.get_payload()):
            assert figure.get("alt"), name
        texts.age(story["Published"])


def test_tags_overlap_and_texts_show_what_the_editor_can_do():
    tags = [tag.strip() for story in STORIES.values() for tag in story["Tags"].split(";")]
    assert len(tags) > 2 * len(set(tags))
    text = "\n".join(story.get_payload() for story in STORIES.values())
    for sign in ("```pullquote", "```figure", "```embed", "\n> ", "\n| ", "\n## ", "\n- "):
        assert sign in text


def test_no_two_pictures_are_alike():
    specs = [story["Lead"] for story in STORIES.values()]
    specs += [figure["picture"] for story in STORIES.values() for figure in texts.figures(story.get_payload())]
    specs += [block["Picture"] for block in texts.blocks("contributors.txt")]
    assert len(specs) == len(set(specs))
    small = [draw(spec, (96, 64)).tobytes() for spec in specs]
    assert len(small) == len(set(small))


@pytest.mark.parametrize("text", ["", "3", "3y", "h3", "in", "-3d"])
def test_an_age_that_cannot_be_read_is_said(text):
    with pytest.raises(ValueError, match="not an age"):
        texts.age(text)


@pytest.mark.django_db
def test_it_is_built_through_the_verbs(editor, moderator, monkeypatch):
    # The stories that a reader sees first are enough here: a fresh clone builds them all in its own test.
    few = dict(list(STORIES.items())[:4])
    comments = [block for block in texts.blocks("comments.txt") if block["Story"] in few]
    blocks = texts.blocks
    monkeypatch.setattr(texts, "stories", lambda: iter(few.items()))
    monkeypatch.setattr(texts, "blocks", lambda name: comments if name == "comments.txt" else blocks(name))
    steps = []
    Newsroom(editor=editor, moderator=moderator, progress=steps.append).build()

    assert len(steps) == Newsroom.steps()
    assert Section.objects.count() == 7
    assert Contributor.objects.count() == 9
    assert Article.objects.public().count() == len(few)
    for article in Article.objects.all():
        assert article.status_changes.get().made_by == editor
        assert article.bylines.exists() and article.tags.exists() and "<p>" in article.body_html
    assert Byline.objects.filter(publish_at__isnull=True).count() < Byline.objects.count()
    for image in Image.objects.all():
        assert image.file.storage.exists(image.file.name)
        assert all(image.file.storage.exists(name) for name in renditions.names(image))
    for comment in Comment.objects.exclude(status=Status.PENDING).filter(author=None):
        assert comment.decisions.get().made_by == moderator
    assert Comment.objects.filter(status=Status.PUBLISHED).exists()
    assert Reads.objects.filter(article__in=Article.objects.all()).exists()
    assert top(DAY, 5) and not Article.objects.filter(related_at=None).exists()
