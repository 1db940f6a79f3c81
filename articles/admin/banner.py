from django.contrib import admin
from django.db import models

from articles.admin.moment import MomentField, ZonedSplitDateTime
from articles.admin.uncounted import UncountedAdmin
from articles.models import Banner


@admin.register(Banner)
class BannerAdmin(UncountedAdmin):
    list_display = ["text", "label", "starts_at", "ends_at"]
    fields = ["label", "text", "url", "starts_at", "ends_at"]
    formfield_overrides = {models.DateTimeField: {"form_class": MomentField, "widget": ZonedSplitDateTime}}
