"""Two people save the same story: what each has changed is merged, and what both have changed is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.response import TemplateResponse
from django.utils.dateparse import parse_datetime

from articles.admin import carried
from articles.admin.moment import type_in
from articles.admin.tag_field import NEW
from articles.editing.diff import Change, changes, in_words
from articles.editing.merge import MINE, THEIRS, Merge, merge
from articles.editing.next_version import with_live
from articles.editing.snapshot import LABELS, PLAIN, TAG_NUMBERS, Snapshot, opened, tags_in, take, told
from articles.http.numbers import number_in
from articles.models import Article, Byline, NextVersion, Tag, Version
from articles.models.version import Kind
from articles.workflow import Status

if TYPE_CHECKING:
    from articles.admin.article import ArticleAdmin


@dataclass
class Question:
    """A field that both have changed: how theirs and mine differ from what both began from."""

    name: str
    label: str
    mine: Change | None
    theirs: Change | None
    #: The values themselves; the text of a story is long enough as a difference.
    my_words: str = ""
    their_words: str = ""


def settle(screen: ArticleAdmin, request: HttpRequest, article: Article) -> HttpResponse | None:
    """Make a posted form one that begins from the story as it is now; None when it can be saved, else the page that asks.

    Nothing typed is lost: the page carries the whole form. `request.POST` is replaced by what the two sides make together.
    """
    data = request.POST
    seen, mark = number_in(data.get(carried.VERSION, "")), data.get(carried.MARK, "")
    versions = Version.objects.of(article).select_related("text", "parent__text", "made_by")
    live = versions.current(article).first()
    # What the next version, if it is kept, will have been merged with.
    carried.by(request).live_seen = article.version
    waiting = NextVersion.objects.waiting_for(article)
    keeps = waiting is not None and carried.KEEP in data
    current = latest = waiting.version if waiting and keeps else live
    is_current = current.is_read_as(seen, mark) if current else seen == article.version
    if is_current and (not keeps or latest.parent_id == live.pk):
        return None
    mine = posted(screen, request, article)
    if mine is None:
        return None  # the form has errors of its own, which are shown first
    found, made_live = versions.filter(number=seen).first(), data.get(carried.MAKES_LIVE, "")
    if found and not found.is_read_as(seen, mark):
        found = None  # another has got its number since
    if found and found.kind == Kind.NEXT and not keeps:
        # The next version is saved over the live one: both come from the version that it was begun from.
        if waiting and waiting.version_id == found.pk:
            made_live = str(found.number)
        found = found.parent
    base, theirs = opened(found) if found else None, take(article)
    if waiting and keeps:
        waiting.article = article
        ours, parent = with_live(waiting), waiting.version.parent
        # Where live and next version have parted, the question is which of these two it shall be.
        parted = {name: theirs[name] for name in ours.conflicts}
        theirs = ours.result | parted
        if base and parent:
            began = opened(parent)
            base |= {name: began[name] for name in parted}
        latest = live if parted else latest
    choices = {name: choice for name in LABELS if (choice := data.get(carried.CHOICE + name)) in {MINE, THEIRS}}
    merged = merge(base, mine, theirs, choices)
    if merged.conflicts:
        return _ask(screen, request, article, merged, base, mine, theirs, latest)
    request.POST = rewritten(data, article, merged.result, current)
    # Whatever is asked, or found wrong, before it is saved: the form that comes back still says so.
    request.POST[carried.MAKES_LIVE] = made_live
    carried.by(request).is_merged = bool(choices or merged.is_of_both)
    if merged.is_of_both:
        who = latest.made_by if latest and latest.made_by else "somebody else"
        messages.warning(request, " ".join([f"{who} saved this story while you were at it.", *_told(merged)]))
    return None


def _told(merged: Merge) -> list[str]:
    """What is in it of both, a sentence each."""
    told = []
    if merged.taken:
        told.append(f"Taken over from theirs: {', '.join(LABELS[name] for name in merged.taken)}.")
    if merged.has_paragraphs_of_both:
        told.append("The text has the paragraphs that they have changed, and those that you have: read it once more.")
    return told


def posted(screen: ArticleAdmin, request: HttpRequest, article: Article) -> Snapshot | None:
    """What the form says, as a snapshot; None when it is not valid."""
    blank = Article.objects.get(pk=article.pk)  # validating a form writes into its object
    # What a published story cannot do without may be on the other side: it is asked for when all is together.
    blank.status = Status.DRAFT
    form = screen.get_form(request, blank, change=True)(request.POST, request.FILES, instance=blank)
    if not form.is_valid():
        return None
    data = form.cleaned_data
    snapshot: Snapshot = {name: data.get(name, getattr(article, name)) for name in PLAIN}
    return snapshot | {
        "slug": data.get("slug") or article.slug,
        "lead_image": data["lead_image"].pk if data.get("lead_image") else None,
        "section": data["section"].pk if data.get("section") else None,
        "publish_at": told(data.get("publish_at")),
        "embargo_until": told(data.get("embargo_until")),
        "tags": sorted(str(tag) for tag in data.get("tags", [])),
        TAG_NUMBERS: {tag.name: tag.pk for tag in data.get("tags", []) if isinstance(tag, Tag)},
        "bylines": _posted_bylines(request.POST),
    }


def _posted_bylines(data: QueryDict) -> list[list[Any]]:
    rows = []
    for number in range(min(number_in(data.get(f"{carried.BYLINES}-TOTAL_FORMS", "")), 200)):
        row = {
            name: data.get(f"{carried.BYLINES}-{number}-{name}", "")
            for name in ("contributor", "role", "order", "DELETE")
        }
        if (person := number_in(row["contributor"])) and not row["DELETE"]:
            rows.append((number_in(row["order"]), number, [person, row["role"]]))
    return [pair for _, _, pair in sorted(rows, key=lambda row: row[:2])]


def rewritten(data: QueryDict, article: Article, result: Snapshot, seen: Version | None) -> QueryDict:
    """The form as if its editor had typed the result over the story as it is now, having read the version `seen`."""
    data = data.copy()
    data[carried.VERSION] = str(seen.number if seen else article.version)
    data[carried.MARK] = seen.mark if seen else ""
    for name in PLAIN:
        data[name] = result[name]
    data["lead_image"], data["section"] = (str(result[name] or "") for name in ("lead_image", "section"))
    for name in ("publish_at", "embargo_until"):
        type_in(data, name, parse_datetime(result[name]) if result[name] else None)
    tags, new = tags_in(result)
    data.setlist("tags", [*(str(tag.pk) for tag in tags), *(f"{NEW}{name}" for name in new)])
    _rewrite_bylines(data, article, result["bylines"])
    return data


def _rewrite_bylines(data: QueryDict, article: Article, wanted: list[list[Any]]) -> None:
    for name in [name for name in data if name.startswith(f"{carried.BYLINES}-") and name.split("-")[1].isdigit()]:
        del data[name]
    rows = list(article.bylines.order_by("order", "pk"))
    free: dict[tuple[int, str], list[Byline]] = {}
    for byline in rows:
        free.setdefault((byline.contributor_id, byline.role), []).append(byline)
    kept: list[Byline | None] = []
    for contributor, role in wanted:
        same = free.get((contributor, role))
        kept.append(same.pop(0) if same else None)
    old = {byline.pk: order for order, byline in enumerate(kept, 1) if byline}
    # Forms of rows that exist come first, in the order of the database, as the management form says. Counted from 1: of a
    # new row, the sorting of the desk takes 0 for "last".
    for number, byline in enumerate(rows):
        row = {"id": byline.pk, "article": article.pk, "contributor": byline.contributor_id, "role": byline.role,
               "order": old.get(byline.pk, number)}  # fmt: skip
        if byline.pk not in old:
            row["DELETE"] = "on"
        for name, value in row.items():
            data[f"{carried.BYLINES}-{number}-{name}"] = str(value)
    number = len(rows)
    for order, (pair, byline) in enumerate(zip(wanted, kept, strict=True), 1):
        if byline is None:
            row = {"id": "", "article": article.pk, "contributor": pair[0], "role": pair[1], "order": order}
            for name, value in row.items():
                data[f"{carried.BYLINES}-{number}-{name}"] = str(value)
            number += 1
    data[f"{carried.BYLINES}-TOTAL_FORMS"], data[f"{carried.BYLINES}-INITIAL_FORMS"] = str(number), str(len(rows))


def _ask(
    screen: ArticleAdmin, request: HttpRequest, article: Article, merged: Merge, base: Snapshot | None, mine: Snapshot,
    theirs: Snapshot, latest: Version | None,
) -> HttpResponse:  # fmt: skip
    by_me = {change.name: change for change in changes(base or theirs, mine)}
    by_them = {change.name: change for change in changes(base, theirs)} if base else {}
    questions = [Question(name, LABELS[name], by_me.get(name), by_them.get(name)) for name in merged.conflicts]
    for question in questions:
        if question.name != "body":
            question.my_words, question.their_words = in_words(mine, question.name), in_words(theirs, question.name)
    asked = {carried.CHOICE + name for name in merged.conflicts}
    context = {
        "title": "Somebody else saved this story",
        "opts": screen.opts,
        "media": screen.media,
        "article": article,
        "latest": latest,
        "questions": questions,
        "told": _told(merged),
        "carries": carried,
        "kept": [(name, value) for name, values in request.POST.lists() for value in values
                 if name not in asked and name != carried.CSRF] + carried.by(request).left_out,
    }  # fmt: skip
    template = "admin/articles/article/conflict.html"
    return TemplateResponse(request, template, screen.admin_site.each_context(request) | context, status=409)
