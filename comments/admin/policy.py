"""What site, sections and stories say about their comments. The last two on their own screens."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from articles.admin.article import ArticleAdmin
from articles.admin.section import SectionAdmin
from comments.models import Policy, Rules


class PolicyForm(forms.ModelForm):
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
    fields = list(Policy.RULES)
    verbose_name = "comments"
    verbose_name_plural = "Comments: what is left empty follows the section, then the site"
    classes = ["collapse"]

    def get_extra(self, request, obj=None, **kwargs) -> int:
        return 0 if Policy.objects.filter(**{self.scope: obj}).exists() else 1


class ArticlePolicyInline(PolicyInline):
    fk_name = scope = "article"


class SectionPolicyInline(PolicyInline):
    fk_name = scope = "section"


# Articles do not know of comments: it is we who stand on their screens.
ArticleAdmin.inlines = [*ArticleAdmin.inlines, ArticlePolicyInline]
SectionAdmin.inlines = [*SectionAdmin.inlines, SectionPolicyInline]


@admin.register(Policy)
class PolicyAdmin(admin.ModelAdmin):
    """The site's own policy: one row, which is there as soon as somebody looks for it."""

    fields = list(Policy.RULES)

    def get_queryset(self, request: HttpRequest):
        return super().get_queryset(request).filter(section=None, article=None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context=None):
        if not self.has_change_permission(request):
            return super().changelist_view(request, extra_context)
        policy, _ = Policy.objects.get_or_create(section=None, article=None, defaults=vars(Rules()))
        return redirect(reverse("admin:comments_policy_change", args=[policy.pk]))
