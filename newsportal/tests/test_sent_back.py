"""Each form of the desk takes what a browser makes of it. Who puts a form together by hand leaves out what is hidden in it."""

import pytest
from django.contrib import admin
from django.urls import reverse

from newsportal.tests.forms import as_a_browser_has_it

pytestmark = pytest.mark.django_db

#: They come by themselves, and are looked at and decided on.
MADE_BY_NOBODY = {
    "comments.Comment", "comments.Commenter", "newsportal.AuditEntry", "newsportal.PolicyReport",
    "django_tasks_database.DBTaskResult",
}  # fmt: skip
MADE = [model for model in admin.site._registry if model._meta.label not in MADE_BY_NOBODY]
#: What has been laid on somebody is lifted, and not changed.
CHANGED = [model for model in MADE if model._meta.label != "comments.Sanction"]


def address(model, place: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{place}", args=args)


@pytest.mark.parametrize("model", CHANGED, ids=lambda model: model._meta.label)
def test_what_was_opened_is_saved_as_it_was(client, administrator, things, model):
    client.force_login(administrator)
    change = address(model, "change", things[model._meta.model_name].pk)
    answer = client.post(change, as_a_browser_has_it(client.get(change)))
    errors = [] if answer.status_code == 302 else answer.context["errors"]
    assert answer.status_code == 302, errors


@pytest.mark.parametrize("model", MADE, ids=lambda model: model._meta.label)
def test_what_is_sent_empty_is_answered(client, administrator, model):
    client.force_login(administrator)
    add = address(model, "add")
    assert client.post(add, as_a_browser_has_it(client.get(add))).status_code in {200, 302}


def test_a_banner_is_put_up_and_changed(client, editor):
    client.force_login(editor)
    add = reverse("admin:articles_banner_add")
    sent = as_a_browser_has_it(client.get(add)) | {"text": "The bridge is closed"}
    assert client.post(add, sent).status_code == 302
