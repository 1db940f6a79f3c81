"""What the walks through the desk begin with."""

import datetime

import pytest
from django.contrib.auth.models import Group, User

from adverts.models import Booking, Placement, Sponsor
from articles.models import Banner, FrontPageStory
from articles.tests.factories import make_article, make_contributor, make_image, make_section, make_tag
from articles.workflow import Status
from comments.models import Policy, Sanction, Term
from comments.tests.factories import make_comment
from newsportal import site
from newsportal.models import AuditEntry, Edition, Page, PolicyReport, WellKnownFile
from newsportal.page_cache import schedule
from newsportal.page_cache.counters import InDatabase, source_of


@pytest.fixture
def things():
    """One of everything that has a screen."""
    comment = make_comment()
    picture = make_image()
    sponsor = Sponsor.objects.create(name="Sponsor")
    now = comment.created_at
    return {
        "article": make_article(status=Status.DRAFT, tags=("Ferries", "Lighthouses")), "image": make_image(),
        "section": make_section(),
        "contributor": make_contributor(photo=picture), "tag": make_tag(), "comment": comment, "commenter": comment.commenter,
        "sanction": Sanction.objects.create(measure="ban", reason="x", mail_domain="evil.example"),
        "term": Term.objects.create(phrase="term"), "policy": Policy.objects.create(), "sponsor": sponsor,
        "booking": Booking.objects.create(
            sponsor=sponsor, placement=Placement.SIDEBAR, headline="x", url="https://e.example", picture=picture,
            starts_at=now, ends_at=now + datetime.timedelta(days=1),
        ),
        "banner": Banner.objects.create(text="Breaking"),
        "frontpagestory": FrontPageStory.objects.create(article=make_article(), slot="lead"),
        "page": Page.objects.create(title="Page", slug="page", body="<p>x</p>"),
        "wellknownfile": WellKnownFile.objects.create(name="robots", text="User-agent: GPTBot\nDisallow: /"),
        "user": User.objects.create_user("somebody"), "group": Group.objects.first(),
        "auditentry": AuditEntry.objects.create(event="logged_in", actor="somebody"),
        "policyreport": PolicyReport.objects.create(day=datetime.date(2026, 3, 14), directive="script-src-elem"),
    }  # fmt: skip


@pytest.fixture
def site_numbers(monkeypatch):
    """Pages know the numbers of this test's database, and not those of a Redis that has others'."""
    source = source_of()
    monkeypatch.setattr(site, "counters", lambda: InDatabase(source))
    schedule._known.clear()
    yield
    if opened := getattr(source, "_connection", None):
        opened.close()


@pytest.fixture
def own_numbers(transactional_db, monkeypatch):
    """Restoring raises the numbers of pages beyond all others: afterwards they are this database's again.

    Other tests have the same Redis with databases of their own, and must not find there what this one's has counted.
    """
    counters = InDatabase(source_of())
    monkeypatch.setattr("newsportal.page_cache.counters.counters", lambda: counters)
    before = dict(Edition.objects.values_list("key", "number"))
    yield
    for edition in Edition.objects.all():
        if edition.key in before:
            Edition.objects.filter(key=edition.key).update(number=before[edition.key] + 1_000)
        else:
            edition.delete()
