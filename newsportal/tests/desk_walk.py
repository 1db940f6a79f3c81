"""The addresses of the desk that Django does not have, and who may go there."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.urls import reverse

#: Who does what an editor does.
EDITS = {"Editor", "Administrator"}
#: Addresses of the desk beyond Django's five a model, with who gets more than a refusal: of a colleague's draft.
BEYOND = {
    "articles_article_autosave": EDITS,
    "articles_article_autosave_new": {*EDITS, "Reporter"},
    "articles_article_card": EDITS,
    "articles_article_card_new": {*EDITS, "Reporter"},
    "articles_article_deleted": EDITS,
    "articles_article_label": EDITS,
    "articles_article_links": EDITS,
    "articles_article_look": EDITS,
    "articles_article_next": EDITS,
    "articles_article_presence": EDITS,
    "articles_article_presence_new": {*EDITS, "Reporter"},
    "articles_article_preview": EDITS,
    "articles_article_reads": {*EDITS, "Reporter"},
    "articles_article_version": EDITS,
    "articles_frontpagestory_at": EDITS,
    "articles_frontpagestory_was": EDITS,
    "articles_section_order": EDITS,
    "comments_comment_sanction": {"Moderator", "Administrator"},
    "auth_user_password_change": {"Administrator"},
    "auth_user_second_factor": {"Administrator"},
    "comments_commenter_privacy": {"Administrator"},
    "comments_sanction_lift": {"Moderator", "Administrator"},
    "comments_term_many": {"Moderator", "Administrator"},
}
#: Whoever is logged in has these, too.
OWN = ["mfa_index", "mfa_add_webauthn", "mfa_activate_totp", "admin:password_change", "admin:back"]


def names_of(patterns) -> set[str]:
    found = set()
    for pattern in patterns:
        found |= names_of(pattern.url_patterns) if hasattr(pattern, "url_patterns") else {pattern.name or ""}
    return found


def address_beyond(name: str, things: dict) -> str:
    of = {
        "articles_article": things["article"].pk,
        "comments_comment_": things["comment"].pk,
        "comments_commenter": things["commenter"].pk,
        "comments_sanction": things["sanction"].pk,
        "auth_user": things["user"].pk,
    }
    pk = next((pk for prefix, pk in of.items() if name.startswith(prefix)), None)
    kwargs = (
        {"id": pk}
        if name.startswith("auth_")
        else (
            {}
            if name.endswith(("_new", "_deleted", "_at", "_was", "_order", "_many", "_label", "_reads"))
            else {"pk": pk}
        )
    )
    if name == "articles_article_version":
        kwargs["number"] = things["article"].version
    return reverse(f"admin:{name}", kwargs=kwargs)


def addresses(things: dict) -> Iterator[str]:
    """Of every screen."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        if thing := things.get(model._meta.model_name):
            yield reverse(f"{name}_add")
            for place in ("change", "delete", "history"):
                yield reverse(f"{name}_{place}", args=[thing.pk])
    yield from (address_beyond(name, things) for name in BEYOND)
    yield from map(reverse, OWN)
