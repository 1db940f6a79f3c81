"""Next versions of live stories, kept as an editor keeps them."""

from __future__ import annotations

import datetime

from django.utils import timezone

from articles.models import NextVersion
from articles.tests.story_form import form_of, url

HOUR = datetime.timedelta(hours=1)


def at(moment: datetime.datetime) -> dict:
    local = timezone.localtime(moment)
    return {"goes_live_at_0": f"{local:%Y-%m-%d}", "goes_live_at_1": f"{local:%H:%M:%S}"}


def in_an_hour() -> datetime.datetime:
    return (timezone.now() + HOUR).replace(microsecond=0)


def keep(desk, article, **changed):
    answer = desk.post(url(article), form_of(article, _next="1", **changed))
    assert answer.status_code == 302, answer.content.decode()
    return NextVersion.objects.get(article=article)
