"""Who sits at the desk, and the draft before them."""

import pytest
from django.test import Client

from articles.tests.archive import make_newsroom
from articles.tests.factories import make_article, make_section
from articles.workflow import Status


@pytest.fixture
def desk(client, editor):
    """The browser of an editor who is logged in."""
    client.force_login(editor)
    return client


@pytest.fixture
def colleague(administrator):
    """Another browser, of somebody who may do everything."""
    client = Client()
    client.force_login(administrator)
    return client


@pytest.fixture
def article(editor):
    """An editor's draft in its first version."""
    article = make_article(status=Status.DRAFT, headline="The headline", created_by=editor, section=make_section())
    article.record(editor)
    return article


@pytest.fixture
def newsroom(db):
    """What an archive is filled with (articles.tests.archive)."""
    return make_newsroom()
