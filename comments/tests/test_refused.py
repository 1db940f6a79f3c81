"""What is told to who is refused: the sentence, and nothing that looks as if other words would help."""

import datetime

import pytest
from django.utils import timezone

from articles.tests.factories import make_article
from comments.edit import EditRefused
from comments.models import Comment, Sanction

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("banned", [True, False])
def test_a_refusal_that_no_other_words_would_change_is_all_that_is_said(client, banned):
    article = make_article()
    client.defaults["HTTP_SEC_FETCH_SITE"] = "same-origin"
    said = {"name": "Ottilie", "email": "reader@example.org", "body": "May I?"}
    url = f"/comments/post/{article.pk}/"
    if banned:
        client.post(url, said)
        network = Comment.objects.get().network
        said["body"] = "May I, after the ban?"
        until = timezone.now() + datetime.timedelta(days=1)
        Sanction.objects.create(measure="ban", reason="Threats.", network=network, until=until)
    else:
        said["body"] = ""
    response = client.post(url, said)
    assert response.status_code == 400
    text = response.content.decode()
    assert ("Threats." in text) is banned
    assert ("1 field needs a look" in text) is not banned
    assert ("field-wrong" in text) is not banned
    assert ("Please have another look" in text) is not banned
    assert said["body"] in text


def test_a_change_that_is_refused_says_so_and_keeps_what_was_typed(client, monkeypatch):
    article = make_article()
    client.defaults["HTTP_SEC_FETCH_SITE"] = "same-origin"
    client.post(f"/comments/post/{article.pk}/", {"name": "Ottilie", "email": "reader@example.org", "body": "May I?"})

    def refuse(*args):
        raise EditRefused("It has been answered.")

    monkeypatch.setattr("comments.views.own.edit", refuse)
    url = f"/comments/edit/{Comment.objects.get().pk}/"
    text = client.post(url, {"body": "May I, please?", "revision": 1}).content.decode()
    assert "It has been answered." in text and "May I, please?" in text
    assert "needs a look" not in text and "field-wrong" not in text
