"""Build the demo newsroom, "The Kittiwake", through the verbs that an editor's buttons call."""

from __future__ import annotations

import datetime
import io
import math
import zlib
from collections.abc import Callable
from email.message import Message

from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from adverts.models import Placement, Sponsor
from articles.models import Article, Byline, Contributor, Image, Reads, Section
from articles.reads import most_read
from articles.related import relate_all
from comments import most_discussed
from comments.decide import decide
from comments.identity import Reader
from comments.models import Comment, Commenter, Flag, Status
from comments.post import post
from comments.reactions import flag, pick, toggle_like
from newsportal.demo import texts
from newsportal.demo.drawing import draw
from newsportal.models import Page

COLOURS = {
    "world": "petrol", "lindhaven": "ink", "politics": "brick", "business": "ochre",
    "science": "moss", "culture": "plum", "sport": "slate",
}  # fmt: skip
ROLES = {role.label.lower(): role for role in Byline.Role}
DECISIONS = {"approved": Status.PUBLISHED, "rejected": Status.REJECTED}

Progress = Callable[[str], None]


class Newsroom:
    """One build. `editor` publishes, `moderator` decides; `progress` is told of each step with a word about it."""

    def __init__(self, *, editor: User, moderator: User, progress: Progress = lambda step: None):
        self.editor, self.moderator, self.progress = editor, moderator, progress
        self.now = timezone.now()
        self.sections: dict[str, Section] = {}
        self.contributors: dict[str, Contributor] = {}
        self.articles: dict[str, Article] = {}
        self.latest_by: dict[tuple[int, str], Comment] = {}

    @staticmethod
    def steps() -> int:
        """How often `progress` will be called."""
        return (
            len(list(texts.stories())) + len(texts.blocks("contributors.txt")) + len(texts.blocks("comments.txt")) + 1
        )

    def build(self) -> None:
        """Each story in a transaction of its own: a build that is broken off leaves whole stories."""
        for block in texts.blocks("sections.txt"):
            self._section(block)
        for block in texts.blocks("pages.txt"):
            Page.objects.create(
                slug=block["Path"],
                title=block["Title"],
                body=texts.to_html(block.get_payload()),
                order=Page.objects.count(),
            )
        for block in texts.blocks("contributors.txt"):
            self._contributor(block)
            self.progress(block["Name"])
        # Oldest first, so that the numbers of stories follow their times as they would in a real newsroom.
        stories = sorted(texts.stories(), key=lambda story: texts.age(story[1]["Published"]), reverse=True)
        for name, story in stories:
            self.articles[name] = self._story(story)
            self.progress(name)
        # The name that readers see beside what the staff answer.
        self.editor.first_name, self.editor.last_name = "Night", "desk"
        self.editor.save(update_fields=["first_name", "last_name"])
        for block in sorted(texts.blocks("comments.txt"), key=lambda block: texts.age(block["Age"]), reverse=True):
            self._comment(block)
            self.progress("comments")
        self._sponsors()
        self._reads()
        relate_all()
        for make_list in (most_read.every_few_minutes, most_read.every_hour, most_discussed.rank):
            make_list()

    def _picture(self, spec: str, **words: str) -> Image:
        buffer = io.BytesIO()
        draw(spec).save(buffer, "JPEG", quality=92)
        file = ContentFile(buffer.getvalue(), name=f"{spec.replace('/', '-')}.jpg")
        return Image.ingest(file, uploaded_by=self.editor, licence="Drawn for this project", **words)

    def _section(self, block: Message) -> None:
        slug = block["Slug"]
        self.sections[slug] = Section.objects.create(
            name=block["Name"],
            slug=slug,
            order=int(block["Order"]),
            colour=COLOURS[slug],
            description=block.get_payload().strip(),
        )

    def _contributor(self, block: Message) -> None:
        name = block["Name"]
        photo = self._picture(block["Picture"], title=name, alt=f"Portrait of {name}", caption="", credit="")
        contributor = Contributor.objects.create(
            name=name, job_title=block["Role"], biography=" ".join(block.get_payload().split()), photo=photo
        )
        for order, link in enumerate(block.get_all("Link", [])):
            label, _, url = link.rpartition(" ")
            contributor.links.create(label=label.strip(" :,") or url.split("/")[-1] or url, url=url, order=order)
        self.contributors[name] = contributor

    @transaction.atomic
    def _story(self, story: Message) -> Article:
        text = story.get_payload()
        lead = self._picture(
            story["Lead"],
            title=story.get("Short-Headline", story["Headline"]),
            alt=story["Lead-Alt"],
            caption=story.get("Lead-Caption", ""),
            credit=story.get("Lead-Credit", ""),
        )
        images = {
            figure["picture"]: self._picture(
                figure["picture"],
                title=figure.get("caption", figure["picture"])[:100],
                alt=figure.get("alt", ""),
                caption=figure.get("caption", ""),
                credit=figure.get("credit", ""),
            ).pk
            for figure in texts.figures(text)
        }
        article = Article.objects.create(
            headline=story["Headline"],
            short_headline=story.get("Short-Headline", ""),
            kind=story["Kind"],
            section=self.sections[story["Section"]],
            dateline=story.get("Dateline", ""),
            standfirst=story["Standfirst"],
            lead_image=lead,
            body=texts.to_html(text, images),
            created_by=self.editor,
        )
        for order, line in enumerate(story.get_all("Byline")):
            name, _, role = line.rpartition(",")
            article.bylines.create(contributor=self.contributors[name.strip()], role=ROLES[role.strip()], order=order)
        article.tags.add(*(tag.strip() for tag in story["Tags"].split(";")))
        article.publish(self.editor, at=self.now - texts.age(story["Published"]))
        for correction in story.get_all("Correction", []):
            article.correct(self.editor, correction)
        return article

    def _comment(self, block: Message) -> None:
        article, name = self.articles[block["Story"]], block["Name"]
        parent = self.latest_by.get((article.pk, block["Answers"])) if "Answers" in block else None
        comment = post(
            article,
            self._reader(block),
            name=name,
            email=block.get("Email", ""),
            body=block.get_payload().strip(),
            parent=parent,
        )
        self.latest_by[article.pk, name] = comment
        age = self.now - texts.age(block["Age"])
        status = DECISIONS.get(block["Status"], comment.status)
        if status != comment.status:
            decide(comment, status, by=self.moderator, reason=block.get("Reason", "").replace(" ", "_"))
        if "Pick" in block:
            pick(comment, by=self.moderator, picked=True)
        for number in range(int(block.get("Likes", 0))):
            toggle_like(comment, Reader(f"{comment.pk} {number}"))
        for number in range(int(block.get("Reports", 0))):
            flag(
                comment, Reader("", network=f"{number}"), why=Flag.Why.ABUSE, words="Not how one talks to a neighbour."
            )
        # The one thing no verb does: a demo's readers have been writing for days.
        Comment.objects.filter(pk=comment.pk).update(created_at=age, published_at=age if comment.is_visible else None)

    def _reader(self, block: Message) -> Reader:
        if "Staff" in block:
            return Reader("night desk", user=self.editor)
        if "Confirmed" not in block:
            return Reader(browser_id=block["Email"])
        commenter = Commenter.objects.by_email(block["Email"])
        commenter.verify(self.now - datetime.timedelta(days=9))
        return Reader(browser_id=block["Email"], commenter=commenter)

    def _sponsors(self) -> None:
        time = {"starts_at": self.now - datetime.timedelta(days=1), "ends_at": self.now + datetime.timedelta(days=365)}
        ferries, binders = (Sponsor.objects.create(name=name) for name in ("Maure Ferries", "Ostrander & Daughters"))
        ferries.bookings.create(
            placement=Placement.BELOW_STORY,
            headline="Lindhaven to Ødeskær, twice a day",
            text="Four hours, two decks of windows and a kitchen that bakes. Bicycles travel free until spring.",
            call_to_action="See the winter timetable",
            url="https://ferries.example/timetable",
            weight=2,
            **time,
        )
        for placement in (Placement.BELOW_STORY, Placement.SIDEBAR):
            binders.bookings.create(
                placement=placement,
                headline="Your grandmother’s cookery book, bound to last",
                text="Ostrander & Daughters, bookbinders at the Old Fish Steps since 1911.",
                call_to_action="Write to the workshop",
                url="https://bindery.example/",
                **time,
            )
        picture = self._picture(
            "sea/sponsor-maure-ferries", title="Maure Ferries", alt="Waves under an evening sky, seen from a deck"
        )
        ferries.bookings.create(
            placement=Placement.FRONT_PAGE,
            headline="The long way round is the better one",
            text="Evening crossings with supper, every Friday.",
            call_to_action="Book a table by the window",
            picture=picture,
            url="https://ferries.example/evening",
            **time,
        )
        self.progress("sponsors")

    def _reads(self) -> None:
        """Readers of a week, invented like the comments: what is fresh is read most, and little at night."""
        for hours_ago in [*range(24), *range(24, 7 * 24, 3)]:
            at = self.now - datetime.timedelta(hours=hours_ago)
            daylight = 0.15 + math.sin(math.pi * timezone.localtime(at).hour / 24)
            hours = 1 if hours_ago < 24 else 3
            counts = {}
            for name, article in self.articles.items():
                age = (at - (article.publish_at or at)).total_seconds() / 3600
                # Some stories are read more than others, and the same ones in every demo.
                liked = 8 + zlib.crc32(name.encode()) % 35
                if age >= 0 and (count := round(hours * liked * daylight / (1 + age / 8))):
                    counts[article.pk] = count
            Reads.objects.add(counts, at=at)
