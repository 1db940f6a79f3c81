"""Whether somebody has said lately that it is still them, by clocks that go wrong."""

import datetime

import pytest
from django.utils import timezone

from newsportal.staff import proof
from newsportal.tests.logging_in import log_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("later", "is_fresh"),
    [
        (datetime.timedelta(0), True),
        (datetime.timedelta(minutes=14), True),
        (datetime.timedelta(minutes=16), False),
        (datetime.timedelta(days=-1), False),
    ],
)
def test_what_was_shown_by_a_clock_that_was_ahead_is_not_fresh_for_as_long(
    client, rf, editor, time_machine, later, is_fresh
):
    now = timezone.now()
    time_machine.move_to(now, tick=False)
    log_in(client)
    request = rf.get("/admin/")
    request.user, request.session = editor, client.session
    time_machine.move_to(now + later, tick=False)
    assert proof.is_fresh(request) is is_fresh
