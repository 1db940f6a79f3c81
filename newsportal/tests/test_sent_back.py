"""Each form of the desk takes what a browser makes of it. Who puts a form together by hand leaves out what is hidden in it."""

import pytest
from django.contrib import admin
from django.urls import reverse

from newsportal.tests.forms import as_a_browser_has_it

pytestmark = pytest.mark.django_db

MODELS = list(admin.site._registry)


def address(model, place: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{place}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_was_opened_is_saved_as_it_was(client, administrator, things, model):
    client.force_login(administrator)
    thing = things.get(model._meta.model_name)
    page = thing and client.get(address(model, "change", thing.pk))
    if not page or b'name="_save"' not in page.content:
        pytest.skip("Nobody changes it there.")
    answer = client.post(address(model, "change", thing.pk), as_a_browser_has_it(page))
    errors = [] if answer.status_code == 302 else answer.context["errors"]
    assert answer.status_code == 302, errors


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_is_sent_empty_is_answered(client, administrator, model):
    client.force_login(administrator)
    page = client.get(address(model, "add"))
    if page.status_code != 200 or b'name="_save"' not in page.content:
        pytest.skip("Nobody makes one there.")
    assert client.post(address(model, "add"), as_a_browser_has_it(page)).status_code in {200, 302}


def test_a_banner_is_put_up_and_changed(client, editor):
    client.force_login(editor)
    add = reverse("admin:articles_banner_add")
    sent = as_a_browser_has_it(client.get(add)) | {"text": "The bridge is closed"}
    assert client.post(add, sent).status_code == 302
