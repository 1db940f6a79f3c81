"""Whatever is sent as the name or the number of something is no reason to answer 500, and loses nothing that was typed."""

import pytest
from django.contrib import admin
from django.urls import reverse

from articles.tests.factories import make_article, make_contributor
from articles.tests.story_form import form_of, url, with_byline

pytestmark = pytest.mark.django_db

SCREENS = [
    model
    for model in admin.site._registry
    if model._meta.app_label in {"articles", "comments", "adverts", "newsportal"}
]


@pytest.mark.parametrize("model", SCREENS, ids=lambda model: model._meta.label)
def test_a_link_to_a_form_for_something_new_says_what_it_likes(client, administrator, model):
    client.force_login(administrator)
    add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    named = [field.name for field in model._meta.get_fields() if hasattr(field, "formfield")] + ["tags"]
    before = client.get(add).status_code
    for said in ("zz", "9" * 30, "2026-12-01 25:00"):
        for name in named:
            assert client.get(add, {name: said}).status_code == before, (name, said)


@pytest.mark.parametrize("name", ["section", "lead_image", "tags", "bylines-0-contributor"])
def test_a_story_that_names_nothing_comes_back_with_its_words(client, editor, name):
    client.force_login(editor)
    story = make_article(status="draft")
    form = with_byline(form_of(story), make_contributor()) | {"headline": "An hour of work", name: "zz"}
    answer = client.post(url(story), form)
    assert answer.status_code == 200 and "An hour of work" in answer.content.decode()
    story.refresh_from_db()
    assert story.headline != "An hour of work"


def test_a_picture_of_a_name_that_no_disk_takes_is_nowhere(client):
    assert client.get(f"/media/pictures/{'a' * 5000}.jpg").status_code == 404
