"""What site, sections and stories say about their comments. The last two on their own screens."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.shortcuts import redirect

from articles.admin.article import ArticleAdmin
from articles.admin.opened import OpenedForm
from articles.admin.section import SectionAdmin
from articles.admin.uncounted import UncountedAdmin
from comments.models import Policy, Rules


class PolicyForm(OpenedForm):
    class Meta:
        model = Policy
        fields = Policy.RULES

    def has_changed(self) -> bool:
        # A policy that says nothing is none: it is not stored.
        says_something = any(self[name].value() not in ("", None, "unknown") for name in Policy.RULES)
        return super().has_changed() and (says_something or bool(self.instance.pk))


class PolicyInline(admin.StackedInline):
    model = Policy
    form = PolicyForm
    extra = 0
    min_num = 0
    max_num = 1
    can_delete = True
    fields = [*Policy.RULES, "opened"]
    verbose_name = "comments"
    verbose_name_plural = "Comments: what is left empty follows the section, then the site"
    classes = ["collapse"]

    def get_extra(self, request, obj=None, **kwargs) -> int:
        # On the screen of a new one there is none yet; `None` would be the site's.
        return 0 if obj and Policy.objects.filter(**{self.scope: obj}).exists() else 1


class ArticlePolicyInline(PolicyInline):
    fk_name = scope = "article"


class SectionPolicyInline(PolicyInline):
    fk_name = scope = "section"


# Articles do not know of comments: it is we who stand on their screens.
ArticleAdmin.inlines = [*ArticleAdmin.inlines, ArticlePolicyInline]
SectionAdmin.inlines = [*SectionAdmin.inlines, SectionPolicyInline]
for screen in (ArticleAdmin, SectionAdmin):
    screen.goes_along = (*screen.goes_along, Policy)


@admin.register(Policy)
class PolicyAdmin(UncountedAdmin):
    """The site's own policy: one row. Until somebody has saved it, the screen shows the rules that hold without it."""

    fields = list(Policy.RULES)

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).filter(section=None, article=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("comments.change_policy") and not self.get_queryset(request).exists()

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return vars(Rules())

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context=None):
        if not self.has_change_permission(request):
            return super().changelist_view(request, extra_context)
        policy = self.get_queryset(request).first()
        if policy is None:
            return redirect("admin:comments_policy_add")
        return redirect("admin:comments_policy_change", policy.pk)
