from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.filters import EmptyFieldListFilter
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from articles import search
from articles.admin.in_use import AND_MORE, InUseMixin
from articles.admin.uncounted import UncountedAdmin
from articles.models import Article, Image
from articles.models.image import RIGHTS_END_SOON
from articles.pictures.apart import ingest_apart
from articles.pictures.files import NOT_STORED, NotStored
from articles.pictures.ingest import LONG_SIDE, MAX_BYTES, IngestedPicture
from articles.pictures.renditions import CROPS, JPEG, crop_box, sizes
from articles.workflow import PUBLISH

USES_SHOWN = 20


class CropsFirst(Exception):
    """The form is right, and the crops around its focal point are still to be made: outside the transaction that saves."""

    def __init__(self, image: Image) -> None:
        self.image = image


class FocalInput(forms.NumberInput):
    """A slider in steps of one hundredth: the way to the focal point without a mouse, and without JavaScript."""

    input_type = "range"

    def __init__(self) -> None:
        super().__init__({"min": 0, "max": 1, "step": 0.01, "data-focal-point-input": True})


class ImageForm(forms.ModelForm):
    #: Set by the screen, when the files could not be stored.
    not_stored = False

    class Meta:
        model = Image
        fields = ["title", "alt", "caption", "credit", "source", "licence", "rights_until", "focal_x", "focal_y"]
        widgets = {
            "title": forms.TextInput({"class": "vLargeTextField"}),
            "alt": forms.TextInput({"class": "vLargeTextField"}),
            "caption": forms.Textarea({"class": "vLargeTextField", "rows": 3}),
            "focal_x": FocalInput,
            "focal_y": FocalInput,
        }

    def clean(self) -> dict[str, Any] | None:
        if self.not_stored:
            field = "upload" if "upload" in self.fields else None
            self.add_error(field, NOT_STORED)
        return super().clean()


class NewImageForm(ImageForm):
    """With the upload; once it is valid, `picture` is what was made of it."""

    picture: IngestedPicture
    #: Set by the screen.
    uploader: User

    upload = forms.FileField(
        label="File",
        widget=forms.FileInput({"accept": "image/jpeg,image/png,image/webp,image/avif,image/gif"}),
        help_text=(
            f"JPEG, PNG, WebP, AVIF or GIF, not moving; up to {MAX_BYTES // 2**20} MB. It is kept at up to "
            f"{LONG_SIDE} pixels, without the place and camera data that it may carry."
        ),
    )

    def clean_upload(self) -> UploadedFile:
        upload = self.cleaned_data["upload"]
        if Image.objects.taken_in_a_day(self.uploader) >= settings.UPLOADS_A_DAY:
            raise ValidationError(
                f"You have added {settings.UPLOADS_A_DAY} pictures within a day, which is as many as one person may. "
                "Go on tomorrow, or ask a colleague."
            )
        self.picture = ingest_apart(upload)
        return upload

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.errors and "upload" not in self.errors and self.files:
            self.add_error(
                "upload",
                "Please choose the file again: browsers do not keep it. All else that you typed is still here.",
            )
        return cleaned


class RightsFilter(admin.SimpleListFilter):
    """Pictures that we may not use any more, or not for long."""

    title = "rights"
    parameter_name = "rights"

    def lookups(self, request, model_admin):
        return [("ended", "Have ended"), ("soon", f"End within {RIGHTS_END_SOON.days} days"), ("end", "End one day")]

    def queryset(self, request, queryset):
        today = timezone.localdate()
        match self.value():
            case "ended":
                return queryset.rights_end_before(today)
            case "soon":
                return queryset.rights_end_before(today + RIGHTS_END_SOON).filter(rights_until__gte=today)
            case "end":
                return queryset.filter(rights_until__isnull=False)
        return queryset


@admin.register(Image)
class ImageAdmin(InUseMixin, UncountedAdmin):
    """The picture library."""

    form = ImageForm
    list_display = ["thumbnail", "title", "credit", "source", "licence", "rights", "created_at"]
    list_display_links = ["title"]
    # By title or credit alone nothing is sorted: there is no index that would follow it.
    sortable_by = ["rights", "created_at"]
    list_filter = [RightsFilter, ("credit", EmptyFieldListFilter), ("licence", EmptyFieldListFilter), "created_at"]
    list_per_page = 40
    search_help_text = "Words of title, alternative text, caption and credit; “in quotes” together; -without."
    # Only says that there is a search box: get_search_results() asks the site's own search.
    search_fields = ["title"]
    readonly_fields = ["preview", "pixels", "uploaded_by", "created_at", "uses"]
    focal_point = ["preview", ("focal_x", "focal_y")]
    words = [
        ("For readers", {"fields": ["alt", "caption", "credit"]}),
        ("For the newsroom", {"fields": ["title", "source", "licence", "rights_until"]}),
    ]
    record = ["uses", "pixels", "uploaded_by", "created_at"]

    class Media:
        css = {"all": ["css/desk/focal-point.css"]}
        js = [forms.Script("js/desk/focal-point.js", defer=True)]

    def get_fieldsets(self, request: HttpRequest, obj: Image | None = None):
        if obj is None:
            return [("Picture", {"fields": ["upload", *self.focal_point]}), *self.words]
        return [("Picture", {"fields": self.focal_point}), *self.words, ("Record", {"fields": self.record})]

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Image], search_term: str):
        """What has these words; the last one may be only begun."""
        return (search.among_pictures(queryset, search_term) if search_term.strip() else queryset), False

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Image | None:
        if image := super().get_object(request, object_id, from_field):
            image.looker = request.user  # `uses` names what they may look at
        return image

    def get_form(self, request: HttpRequest, obj: Image | None = None, change: bool = False, **kwargs: Any):
        form = super().get_form(request, obj, change, **kwargs if obj else {"form": NewImageForm} | kwargs)
        form.uploader = request.user
        form.not_stored = hasattr(request, "not_stored")
        return form

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any):
        # A new picture is decoded, made in all sizes and stored, and only then written, in one row: in Django's transaction around
        # all of it nobody else could write to SQLite for as long. So are the crops around a new focal point: its transaction
        # is given up, before anything is written, and begun once more when they are there.
        view = super().changeform_view if object_id else self._changeform_view
        try:
            try:
                return view(request, object_id, *args, **kwargs)
            except CropsFirst as asked:
                with asked.image.crops_made() as request.crops_made:
                    return view(request, object_id, *args, **kwargs)
        except NotStored:
            # Once more, for the form with what was typed and what is wrong.
            request.not_stored = True
            return view(request, object_id, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Image, form: ImageForm, change: bool) -> None:
        if isinstance(form, NewImageForm):
            obj.uploaded_by_id = request.user.pk
            obj.keep(form.picture)
            return
        if {"focal_x", "focal_y"}.intersection(form.changed_data):
            if not hasattr(request, "crops_made"):
                raise CropsFirst(obj)
            obj.refocus(obj.focal_x, obj.focal_y, made=request.crops_made)
        super().save_model(request, obj, form, change)

    def has_change_permission(self, request: HttpRequest, obj: Image | None = None) -> bool:
        """Its words and its cut are on every page with it at once: of what readers see they are for who publishes."""
        may = super().has_change_permission(request, obj)
        return may and (obj is None or request.user.has_perm(PUBLISH) or not obj.is_shown())

    def get_deleted_objects(self, objs, request: HttpRequest):
        to_delete, model_count, perms_needed, protected = super().get_deleted_objects(objs, request)
        if protected and not request.user.has_perm(PUBLISH):
            count = f"more than {len(protected) - 1}" if AND_MORE in protected else len(protected)
            protected = [f"in use in {count} {'place' if count == 1 else 'places'}"]
        # What stands in the way says more than which permission would not help.
        return to_delete, model_count, set() if protected else perms_needed, protected

    @admin.display(description="")
    def thumbnail(self, image: Image) -> SafeString:
        size = sizes(image, "4:3")[0]
        return format_html(
            '<img class="image-thumbnail" src="{}" width="{}" height="{}" alt="" loading="lazy">',
            size.url(JPEG),
            size.width,
            size.height,
        )

    @admin.display(description="rights end", ordering="rights_until")
    def rights(self, image: Image) -> str | SafeString:
        if image.rights_until is None:
            return "–"
        day, today = f"{image.rights_until:%-d %b %Y}", timezone.localdate()
        if image.rights_until < today + RIGHTS_END_SOON:
            word = "ended" if image.rights_until < today else "soon"
            return format_html('<span class="image-rights" data-rights="{}">{}: {}</span>', word, capfirst(word), day)
        return day

    @admin.display(description="pixels")
    def pixels(self, image: Image) -> str:
        return f"{image.width} × {image.height}"

    @admin.display(description="focal point")
    def preview(self, image: Image) -> str:
        """The picture with a cross on its focal point, and how each crop will look. Empty until there is a picture."""
        context: dict[str, Any] = {"image": image}
        if image.pk:
            context["url"] = sizes(image)[:2][-1].url(JPEG)
            context["left"], context["top"] = (f"{focal * 100:.0f}%" for focal in (image.focal_x, image.focal_y))
        context["crops"] = [(crop, self._view_box(image, crop)) for crop in CROPS]
        return render_to_string("admin/articles/image/focal_point.html", context)

    def _view_box(self, image: Image, crop: str) -> str:
        if not image.pk:
            return "0 0 {} {}".format(*crop.split(":"))
        left, top, right, bottom = crop_box(image, crop)
        return f"{left} {top} {right - left} {bottom - top}"

    @admin.display(description="used")
    def uses(self, image: Image) -> str:
        return format_html_join("", "<div>{} · {}</div>", self._uses(image)) or "Nowhere yet."

    def _uses(self, image: Image) -> Iterator[tuple[str, str]]:
        """Whatever points at the image, in any app: (what it is to that object, link to the object).

        Stories that this person may not look at are counted and not named.
        """
        for relation in image._meta.related_objects:
            role = str(capfirst(relation.field.verbose_name))
            users = getattr(image, str(relation.get_accessor_name())).all()
            hidden = 0
            if relation.related_model is Article:
                seen = users.seen_by(image.looker)
                hidden, users = users.count() - seen.count(), seen
            found = list(users[: USES_SHOWN + 1])
            for user in found[:USES_SHOWN]:
                yield role, self.link_to(user)
            if len(found) > USES_SHOWN:
                yield role, "and more"
            if hidden:
                yield role, f"{hidden} {'story' if hidden == 1 else 'stories'} of colleagues, not public yet"
