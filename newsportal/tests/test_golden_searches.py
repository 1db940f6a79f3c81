"""Readers find what they half remember: sixty searches of the demo newsroom, each with the story that must come first."""

from pathlib import Path

import pytest
from PIL import Image

from articles.search import find, parse
from newsportal.demo import newsroom, texts

GOLDEN = Path(__file__).parent / "golden_searches.txt"
LINES = [line for line in GOLDEN.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
SEARCHES = [(query.strip(), story.strip()) for query, story in (line.rsplit("|", 1) for line in LINES)]


def test_there_are_sixty_and_each_names_a_story():
    assert len(set(SEARCHES)) == 60
    assert {story for _, story in SEARCHES} <= set(dict(texts.stories()))


@pytest.mark.django_db
def test_the_story_that_is_meant_comes_first(editor, moderator, monkeypatch):
    # The stories are built as ever; only their pictures are small, and nobody comments.
    monkeypatch.setattr(newsroom, "draw", lambda spec: Image.new("RGB", (64, 48), "teal"))
    blocks = texts.blocks
    monkeypatch.setattr(texts, "blocks", lambda name: [] if name == "comments.txt" else blocks(name))
    built = newsroom.Newsroom(editor=editor, moderator=moderator)
    built.build()
    names = {article.pk: name for name, article in built.articles.items()}

    ranks = {}
    for query, story in SEARCHES:
        found = [names[result.article.pk] for result in find(parse(query)).results]
        ranks[query] = found.index(story) + 1 if story in found else 0
    reciprocal = [1 / rank if rank else 0 for rank in ranks.values()]
    assert sum(reciprocal) / len(reciprocal) >= 0.95, {query: rank for query, rank in ranks.items() if rank != 1}
