"""The newsroom's roles: groups, and what each may do. Superusers stand above them: they alone make superusers."""

from django.contrib.auth.models import Group, Permission

from newsportal.staff import audit

LOOK_UP = ["articles.view_section", "articles.view_contributor", "articles.view_tag", "articles.view_image"]
WRITE = [
    *LOOK_UP,
    "articles.view_article",
    "articles.add_article",
    "articles.change_article",
    "articles.add_image",
    "articles.change_image",
    "articles.add_tag",
]

ROLES = {
    "Reporter": WRITE,
    "Editor": [
        *WRITE,
        "articles.publish_article",
        "articles.delete_article",
        "articles.delete_image",
        *(
            f"articles.{verb}_{noun}"
            for noun in ("section", "contributor", "tag")
            for verb in ("add", "change", "delete")
        ),
        *(f"articles.{verb}_frontpagestory" for verb in ("view", "add", "change")),
        *(f"articles.{verb}_banner" for verb in ("view", "add", "change", "delete")),
        *(f"newsportal.{verb}_page" for verb in ("view", "add", "change", "delete")),
        "comments.view_comment",
        "comments.pick_comment",
        *(f"comments.{verb}_policy" for verb in ("view", "add", "change", "delete")),
    ],
    "Moderator": [
        "comments.view_comment",
        "comments.moderate_comment",
        "comments.pick_comment",
        "comments.view_commenter",
        "comments.view_sanction",
        "comments.add_sanction",
        *(f"comments.{verb}_term" for verb in ("view", "add", "change", "delete")),
        "comments.view_policy",
        "comments.change_policy",
    ],
    "Advertising": [
        *(f"adverts.{verb}_{noun}" for noun in ("sponsor", "booking") for verb in ("view", "add", "change", "delete")),
        "articles.view_section",
        "articles.view_image",
        "articles.add_image",
    ],
}

ROLES["Administrator"] = [
    *dict.fromkeys(permission for permissions in ROLES.values() for permission in permissions),
    "comments.erase_commenter",
    "newsportal.view_auditentry",
    *(f"newsportal.{verb}_wellknownfile" for verb in ("view", "add", "change", "delete")),
    *(f"auth.{verb}_user" for verb in ("view", "add", "change", "delete")),
    *(f"auth.{verb}_group" for verb in ("view", "add", "change")),
    "newsportal.view_policyreport",
    "django_tasks_database.view_dbtaskresult",
]


def create_roles(**kwargs) -> None:
    """Create the groups that are missing. One that exists is the newsroom's own, and is left as it is."""
    with audit.unrecorded():
        for name, permissions in ROLES.items():
            group, created = Group.objects.get_or_create(name=name)
            if created:
                group.permissions.set([_permission(permission) for permission in permissions])


def _permission(name: str) -> Permission:
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)
