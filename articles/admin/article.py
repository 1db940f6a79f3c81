"""The story screen: the list of stories, and the form on which they are written, published and taken back."""

from __future__ import annotations

from adminsortable2.admin import SortableAdminBase
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst

from articles import body, search, workflow
from articles.admin import carried
from articles.admin.asks_first import AsksFirstMixin, publishing_label, said
from articles.admin.autosave import AutosaveMixin
from articles.admin.conflicts import settle
from articles.admin.editor import ProseEditorAdminMixin
from articles.admin.goes_along import GoesAlongMixin
from articles.admin.history import HistoryMixin
from articles.admin.inlines import PartInline
from articles.admin.lead_picture import LeadPictureMixin
from articles.admin.moment import MomentField, ZonedSplitDateTime
from articles.admin.next_version import NextVersionMixin
from articles.admin.presence import PresenceMixin
from articles.admin.previews import PreviewMixin
from articles.admin.published_in import PublishedInFilter
from articles.admin.reads import ReadsMixin
from articles.admin.shown_again import never_valid
from articles.admin.snippets import SnippetMixin
from articles.admin.tag_field import TagsField
from articles.admin.uncounted import LIMIT, UncountedAdmin
from articles.caching import editions
from articles.editing.next_version import note_conflicts
from articles.editing.preflight import Around, preflight, preflight_each
from articles.models import Article, Byline, Correction, FrontPageStory, NextVersion, Version
from articles.models.version import Kind as VersionKind
from articles.templatetags.articles import picture
from articles.workflow import MoveRefused

#: As many stories are moved with one press.
MANY = 200
SAVED_SINCE = "Somebody has saved it since you were asked, or deleted it. Look at it again."


class StateFilter(admin.SimpleListFilter):
    """The status as a desk sees it: what is published apart from what is only scheduled."""

    title = "status"
    parameter_name = "state"

    def lookups(self, request, model_admin):
        return [
            ("draft", "Draft"),
            ("in_review", "In review"),
            ("scheduled", "Scheduled"),
            ("public", "Published"),
            ("withdrawn", "Withdrawn"),
        ]

    def queryset(self, request, queryset):
        match self.value():
            case "public":
                return queryset.public()
            case "scheduled":
                # Few, found by their time: in the order of the list all that is published would be asked.
                coming = Article.objects.scheduled()
                return queryset.filter(pk__in=coming.order_by("publish_at", "pk").values("pk")[:LIMIT])
            case None:
                return queryset
            case status:
                return queryset.filter(status=status)


class SectionFilter(admin.RelatedFieldListFilter):
    """With a word for stories that stand in none."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.empty_value_display = "No section"


class ArticleForm(forms.ModelForm):
    # Which version its editor has read: articles.admin.conflicts compares it before anything is saved. Two fields, since a server
    # that is not upgraded yet knows the first alone.
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    version_mark = forms.CharField(required=False, widget=forms.HiddenInput)
    # The next version that saving makes live, once it has been put together with the story: no version above says so any more.
    makes_live = forms.IntegerField(required=False, widget=forms.HiddenInput)
    tags = TagsField(help_text="What the story is about. Type to look one up; Enter makes a new one.")
    publish_as = forms.ChoiceField(
        required=False,
        choices=[
            ("", "a minor edit: readers are told nothing"),
            (NextVersion.PublishAs.UPDATE, "an update: readers see “Updated”"),
            (NextVersion.PublishAs.CORRECTION, "a correction: readers are told what was wrong"),
            (NextVersion.PublishAs.RETRACTION, "a retraction: readers are told that the story does not stand"),
        ],
        label="This edit is",
        help_text="The one choice that decides what readers, feeds and search engines are told.",
    )
    correction = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text="What was wrong, and what is right. It stands under the story, dated, and cannot be taken back.",
    )
    goes_live_at = MomentField(
        required=False,
        label="Next version goes live at",
        help_text="Only with “Keep as the next version”. Empty: when somebody says so.",
    )
    publish_anyway = forms.CharField(
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
        help_text="Where something blocks publication: why it goes out all the same. It is logged.",
    )
    note = forms.CharField(
        required=False,
        label="Note",
        widget=forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        help_text="Goes into the log of moves. When the story is withdrawn, readers see it at its address.",
    )

    class Meta:
        model = Article
        fields = [
            "headline", "short_headline", "standfirst", "body", "lead_image", "section", "kind", "tags", "dateline",
            "slug", "publish_at", "embargo_until", "search_title", "search_description",
        ]  # fmt: skip
        widgets = {
            "headline": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField desk-headline"}),
            "standfirst": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
            "short_headline": forms.TextInput(attrs={"class": "vLargeTextField"}),
            "search_title": forms.TextInput(attrs={"class": "vLargeTextField"}),
            "search_description": forms.Textarea(attrs={"rows": 2, "class": "vLargeTextField"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial[carried.VERSION] = self.instance.version
        self.initial[carried.MARK] = self.data.get(carried.MARK, "") if self.is_bound else self._mark()

    def _mark(self) -> str:
        current = Version.objects.current(self.instance).only("made_at").first() if self.instance.pk else None
        return current.mark if current else ""

    def clean(self):
        cleaned = super().clean()
        kind, text = cleaned.get("publish_as", ""), cleaned.get("correction", "")
        if kind in Correction.Kind.values and not text:
            self.add_error("correction", "Please say what was wrong, and what is right: readers see this.")
        if text and kind not in Correction.Kind.values:
            self.add_error(
                "publish_as", "Is this a correction or a retraction? What is written below is told with either."
            )
        due_at, keeps = cleaned.get("goes_live_at"), carried.KEEP in self.data
        if due_at and not keeps:
            self.add_error(
                "goes_live_at",
                "Saving shows it to readers at once. Press “Keep as the next version”, or empty this time.",
            )
        elif due_at and due_at <= timezone.now():
            self.add_error(
                "goes_live_at", "This time has passed. Empty it and press “Save” for what shall be live now."
            )
        return cleaned

    def clean_headline(self) -> str:
        return body.in_one_line(self.cleaned_data["headline"])


class SavedMeanwhile(Exception):
    """Between looking and saving, somebody else has saved: the transaction is given up."""


class BylineInline(PartInline):
    model = Byline
    extra = 1
    fields = ["role", "contributor", "order"]
    autocomplete_fields = ["contributor"]


@admin.register(Article)
class ArticleAdmin(
    AsksFirstMixin,
    AutosaveMixin,
    GoesAlongMixin,
    PresenceMixin,
    NextVersionMixin,
    HistoryMixin,
    PreviewMixin,
    SnippetMixin,
    ReadsMixin,
    LeadPictureMixin,
    ProseEditorAdminMixin,
    SortableAdminBase,
    UncountedAdmin,
):
    form = ArticleForm
    merges_changes = True
    inlines = [BylineInline]
    formfield_overrides = {models.DateTimeField: {"form_class": MomentField, "widget": ZonedSplitDateTime}}
    change_form_template = "admin/articles/article/change_form.html"
    list_display = ["thumbnail", "title", "state", "section", "byline", "time"]
    list_display_links = ["title"]
    # People are not listed here, of whom there may be thousands: the search finds bylines.
    list_filter = [StateFilter, ("section", SectionFilter), "kind", PublishedInFilter]
    list_per_page = 50
    ordering = ["-modified_at", "-pk"]
    # Each filter has an index in this order, or a few rows; no other order has one.
    sortable_by: list[str] = []
    search_help_text = "Words anywhere in a story, in tags or in bylines; “in quotes” together; -without."
    # Only says that there is a search box: get_search_results() asks the site's own search.
    search_fields = ["headline"]
    autocomplete_fields = ["section"]
    actions = ["publish_selected", "withdraw_selected"]
    goes_along = (FrontPageStory,)
    save_on_top = True

    class Media:
        css = {"all": [f"css/desk/{name}.css" for name in ("desk", "editing", "snippets", "reads")]}
        js = [f"js/desk/{name}.js" for name in ("slug", "snippets", "autosave", "presence", "buttons")]

    # --- The list -----------------------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Article]:
        articles = super().get_queryset(request).seen_by(request.user)
        if request.resolver_match and request.resolver_match.url_name.endswith("_changelist"):
            return articles.for_lists()
        return articles

    def get_ordering(self, request: HttpRequest):
        """Stories of a year or a month in the order of their times, which an index follows; all others by when they were saved."""
        return ["-publish_at", "-pk"] if PublishedInFilter.is_asked(request) else self.ordering

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Article], search_term: str):
        """Of what this person may see, drafts included, what has these words; the last one may be only begun."""
        return (search.among(queryset, search_term) if search_term.strip() else queryset), False

    @admin.display(description="")
    def thumbnail(self, article: Article):
        return picture(article.lead_image, sizes="80px", crop="4:3", css_class="desk-thumbnail", alt="") or "–"

    @admin.display(description="headline")
    def title(self, article: Article):
        return article.headline

    @admin.display(description="status")
    def state(self, article: Article):
        return format_html('<span class="desk-state" data-state="{}">{}</span>', article.state, article.state_label())

    @admin.display(description="byline")
    def byline(self, article: Article) -> str:
        return ", ".join(contributor.name for contributor in article.authors) or "–"

    @admin.display(description="time")
    def time(self, article: Article):
        moment = timezone.localtime(article.publish_at or article.modified_at)
        told = "published" if article.is_public() else "appears" if article.is_scheduled() else "last saved"
        return format_html(
            '<time datetime="{}">{}</time><br><small>{}</small>', moment.isoformat(), f"{moment:%-d %b %Y, %H:%M}", told
        )

    @admin.action(description="Publish the selected stories…", permissions=["publish"])
    def publish_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> HttpResponse | None:
        return self._ask_then_move(request, articles, "publish", "published")

    @admin.action(description="Withdraw the selected stories…", permissions=["publish"])
    def withdraw_selected(self, request: HttpRequest, articles: QuerySet[Article]) -> HttpResponse | None:
        return self._ask_then_move(request, articles, "withdraw", "withdrawn")

    def _ask_then_move(
        self, request: HttpRequest, articles: QuerySet[Article], verb: str, done: str
    ) -> HttpResponse | None:
        """Many at once are asked about first, with what preflight says of each; `carried.SURE` is the answer."""
        if carried.SURE in request.POST:
            self._move_each(request, articles, verb, done)
            return None
        stories = list(self.model.objects.filter(pk__in=articles.values("pk")).select_related("section")[:MANY])
        problems = dict(preflight_each(stories, request.user)) if verb == "publish" else {}
        marks = Version.objects.marks(stories)
        context = {
            "title": f"{capfirst(verb)} {len(stories)} {'story' if len(stories) == 1 else 'stories'}?",
            "opts": self.opts,
            "media": self.media,
            "stories": [(story, problems.get(story, []), marks.get(story.pk, "")) for story in stories],
            "action": request.POST.get("action", ""),
            "selected_name": ACTION_CHECKBOX_NAME,
            "verb": capfirst(verb),
            "carries": carried,
        }
        template = "admin/articles/article/many.html"
        return TemplateResponse(request, template, self.admin_site.each_context(request) | context)

    def _move_each(self, request: HttpRequest, articles: QuerySet[Article], verb: str, done: str) -> None:
        count = 0
        stories = list(self.model.objects.filter(pk__in=articles.values("pk")))
        around = Around(stories)
        seen = set(request.POST.getlist(carried.SEEN))
        marks = Version.objects.marks(stories) if seen else {}
        for article in stories:
            try:
                shown = f"{article.pk}:{article.version}"
                # Pages that were opened before there were marks name the number alone.
                if seen and seen.isdisjoint({shown, f"{shown}:{marks.get(article.pk, '')}"}):
                    raise MoveRefused(SAVED_SINCE)
                if verb == "publish" and (
                    blocking := [p.sentence for p in preflight(article, around=around) if p.blocks]
                ):
                    raise MoveRefused([*blocking, "Publish it from its own screen, with a reason."])
                with transaction.atomic():
                    # The verb reads it anew: what it moves is to be what preflight, and who pressed, have looked at.
                    if not article.claim(article.version):
                        raise MoveRefused(SAVED_SINCE)
                    getattr(article, verb)(request.user)
                count += 1
            except (MoveRefused, PermissionDenied) as refusal:
                self._say(request, article, refusal)
        if count:
            self.message_user(request, f"{count} {'story' if count == 1 else 'stories'} {done}.", messages.SUCCESS)

    # --- Who may ------------------------------------------------------------------------------------------------------

    def has_publish_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(workflow.PUBLISH)

    def has_view_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_view_permission(request, obj) and (obj is None or workflow.may_see(obj, request.user))

    def has_change_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or workflow.may_edit(obj, request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Article | None = None) -> bool:
        # A story that readers have seen is withdrawn, not deleted: its address must say so.
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or (obj.status in workflow.UNPUBLISHED and not obj.was_seen()))

    # --- The form -----------------------------------------------------------------------------------------------------

    def get_fieldsets(self, request: HttpRequest, obj: Article | None = None):
        publication = ["publish_at", "embargo_until", "slug"]
        fieldsets = [
            (None, {"fields": [carried.VERSION, carried.MARK, carried.MAKES_LIVE, "headline", "standfirst", "body"]}),
            ("Picture", {"fields": ["lead_image"]}),
            ("Where it stands", {"fields": [("section", "kind"), "tags", "dateline", "short_headline"]}),
            ("Search engines", {"fields": ["search_title", "search_description"], "classes": ["collapse"]}),
            (
                "Publication",
                {
                    "fields": publication,
                    "description": f"Times are the newsroom's: {settings.TIME_ZONE}.",
                },
            ),
        ]
        if obj and obj.is_public() and self.has_publish_permission(request):
            fieldsets.append(("After publication", {"fields": ["publish_as", "correction", "goes_live_at"]}))
        if obj and self.has_publish_permission(request) and not obj.is_public():
            publication.append("publish_anyway")
        if obj and self.has_change_permission(request, obj):
            fieldsets.append(("Note", {"fields": ["note"], "classes": ["collapse"] if not obj.is_public() else []}))
        return fieldsets

    def get_form(self, request, obj=None, change=False, **kwargs):
        # Our own fields are declared, not the model's: Django would look for them there.
        kwargs["fields"] = ArticleForm.Meta.fields
        form = super().get_form(request, obj, change=change, **kwargs)
        return never_valid(form) if carried.by(request).only_looks else form

    def get_view_on_site_url(self, obj: Article | None = None) -> str | None:
        return obj.get_absolute_url() if obj and obj.is_public() else None

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        article = obj or Article(created_by=request.user)
        context["moves"] = [(move, self._button(move, article)) for move in workflow.available(article, request.user)]
        context["carries"] = carried
        context["said"] = said(article.publish_at)
        context["article"] = obj
        context["keeps_next"] = obj and obj.is_public() and self.has_publish_permission(request)
        context["others"] = self.others(request, obj)
        context |= self.autosave_context(request, obj)
        context |= self.next_version_context(request, obj)
        context |= self.reads_context(request, obj)
        context["snippet"] = self.snippet(article)
        context["problems"] = preflight(obj, request.user) if obj and request.method == "GET" else []
        # What the newsroom has noted down is for those who may work on the story, as its history is, and for who has begun it.
        is_theirs = obj and (self.has_change_permission(request, obj) or obj.created_by_id == request.user.pk)
        context["status_changes"] = obj.status_changes.select_related("made_by")[:20] if is_theirs else []
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _button(self, move: workflow.Move, article: Article) -> str:
        """What pressing it will do; static/js/desk/buttons.js keeps it so while the time is typed."""
        return publishing_label(article.publish_at) if move.name == "publish" else move.label

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """The steps of `carried.Carried`: the first that answers is the last."""
        is_sent = request.method == "POST"
        is_filled = request.method == "GET" and not request.GET.keys().isdisjoint({carried.UNSAVED, carried.EDITING})
        article = self.get_object(request, unquote(object_id)) if object_id and (is_sent or is_filled) else None
        answer = None
        if is_sent:
            self.read_ahead(request)
            answer = (
                self.set_aside(request, object_id, article)
                or self.sent_again(request, object_id)
                or self.put_together(request, article)
                or self.ask_first(request, article)
            )
        elif is_filled:
            answer = self.fill(request, object_id, article)
        if answer:
            return answer
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except SavedMeanwhile:
            # Somebody was quicker by a moment: what both have done is put together anew.
            return self.changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # Sent twice at once: the other one was quicker by a moment.
            if is_sent and (again := self.sent_again(request, object_id)):
                return again
            raise

    def fill(self, request: HttpRequest, object_id: str | None, article: Article | None) -> HttpResponse | None:
        """The form with unsaved text or the next version in it; or the unsaved text alone, where it takes none any more."""
        if carried.UNSAVED in request.GET:
            if answer := self.set_aside(request, object_id, article):
                return answer
            self.show_unsaved(request, article)
        elif article and self.has_change_permission(request, article) and self.has_publish_permission(request):
            self.show_next(request, article)
        return None

    def put_together(self, request: HttpRequest, article: Article | None) -> HttpResponse | None:
        """What was typed and what others have saved since; the page that asks where both have changed the same."""
        if article is None or not self.has_change_permission(request, article):
            return None
        self.keep_or_save(request, article)
        return settle(self, request, article)

    def save_model(self, request, obj: Article, form, change) -> None:
        if change and carried.KEEP in request.POST:
            return
        if not change:
            obj.created_by = request.user
        elif not obj.claim(form.cleaned_data.get(carried.VERSION) or 0, form.cleaned_data.get(carried.MARK, "")):
            raise SavedMeanwhile
        obj.save()
        if not change:
            self.note_sent(request, obj)

    def save_related(self, request, form, formsets, change) -> None:
        if change and carried.KEEP in request.POST:
            if not self.keep(request, form, formsets):
                raise SavedMeanwhile
            self.forget_unsaved(request, form.instance, was_new=False)
            return
        article: Article = form.instance
        with editions.touching(*article.shown_on()):
            super().save_related(request, form, formsets, change)
            article.list_bylines()
        # What readers were to be told and are not is nowhere else.
        if self._record(request, article, form):
            self.forget_unsaved(request, article, was_new=not change)
        if number := form.cleaned_data.get(carried.MAKES_LIVE):
            # That very one: what somebody has kept in this moment stays.
            NextVersion.objects.filter(article=article, version__number=number).delete()
        if parted := note_conflicts(article):
            self.message_user(request, f"A next version waits. {parted}", messages.WARNING)
        if (name := request.POST.get(carried.MOVE)) in workflow.MOVES:
            try:
                note = form.cleaned_data.get("note", "")
                move = workflow.MOVES[name]
                if name in workflow.PUBLISHES:
                    # Before preflight, which tells of other stories.
                    workflow.check(article, move, request.user)
                    note = self._preflight(request, article, note, form.cleaned_data.get("publish_anyway", ""))
                getattr(article, name)(request.user, note=note)
                self.message_user(request, workflow.told(article, move), messages.SUCCESS)
                carried.by(request).has_moved = True
            except (MoveRefused, PermissionDenied) as refusal:
                self._say(request, article, refusal)

    def message_user(self, request: HttpRequest, message, level=messages.INFO, *args, **kwargs) -> None:
        """Where a move has said what became of the story, Django does not say beside it that the story was changed."""
        if not (carried.by(request).has_moved and level == messages.SUCCESS):
            super().message_user(request, message, level, *args, **kwargs)

    def _record(self, request: HttpRequest, article: Article, form: ArticleForm) -> bool:
        """One version of what was saved, of the kind that its editor has declared; False where it could not be of that kind."""
        note, told = form.cleaned_data.get("note", ""), form.cleaned_data.get("publish_as", "")
        kind = VersionKind.MERGED if carried.by(request).is_merged else VersionKind.SAVED
        try:
            if told:
                article.tell(request.user, told, form.cleaned_data.get("correction", ""), reason=note)
            else:
                article.record(request.user, kind, note)
        except (MoveRefused, PermissionDenied) as refusal:
            self._say(request, article, refusal, form.cleaned_data.get("correction", ""))
            article.record(request.user, kind, note)
            return False
        return True

    def _preflight(self, request: HttpRequest, article: Article, note: str, anyway: str) -> str:
        """Say what is odd about it; the note with the reason for overriding. Raises MoveRefused for what blocks."""
        problems = preflight(Article.objects.get(pk=article.pk), request.user)
        blocking = [problem.sentence for problem in problems if problem.blocks]
        if blocking and not anyway:
            raise MoveRefused([*blocking, "Mend it, or say under “Publish anyway” why it goes out all the same."])
        for problem in problems:
            self.message_user(request, problem.sentence, messages.WARNING)
        return f"{note} Published anyway: {anyway}".strip() if blocking else note

    def _say(self, request: HttpRequest, article: Article, refusal: Exception, typed: str = "") -> None:
        sentences = list(refusal.messages) if isinstance(refusal, ValidationError) else [str(refusal)]
        if typed:
            sentences.append(f"You had typed: “{typed}”")
        self.message_user(request, f"“{article}”: {' '.join(sentences)}", messages.ERROR)
