"""Where no template says how a time is written, it is written as the templates have it: 24 hours, with the zone."""

import datetime

import pytest

from comments.models import Commenter, Sanction

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", ["en-gb", "en-us"])
def test_lists_of_the_desk_say_24_hours_and_the_zone(client, moderator, time_machine, settings, language):
    settings.LANGUAGE_CODE = language
    time_machine.move_to(datetime.datetime(2026, 12, 1, 12, 1, tzinfo=datetime.UTC))
    client.force_login(moderator)
    Commenter.objects.by_email("known@example.org")
    Sanction.objects.create(measure="ban", reason="Threats.", mail_domain="evil.example")
    for which in ("sanction", "commenter"):
        text = client.get(f"/admin/comments/{which}/").content.decode()
        assert "1 Dec 2026, 13:01 WAT" in text, which
