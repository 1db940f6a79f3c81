"""A new SECRET_KEY throws nobody out while the old one stands in SECRET_KEY_FALLBACKS."""

import pytest
from django.conf import settings as current
from django.core import signing

from articles.tests.factories import make_article
from comments.identity import COOKIE, COOKIE_SALT, confirmation_token
from comments.models import Commenter
from comments.notifications import unsubscribe_token
from comments.tests.factories import make_comment, make_reader

OLD, NEW = (
    "the key of the first years, which somebody has seen " * 2,
    "the key of today, which nobody has seen yet " * 2,
)


@pytest.fixture
def rotate(settings):
    """Signs with the old key until it is called."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    settings.PRIVACY_KEY = OLD

    def rotate(*, keeps_the_old: bool) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD] if keeps_the_old else []

    return rotate


@pytest.mark.django_db
@pytest.mark.parametrize("keeps_the_old", [True, False])
def test_who_is_logged_in_stays_so(client, editor, rotate, keeps_the_old):
    client.force_login(editor)
    rotate(keeps_the_old=keeps_the_old)
    for _ in range(2):
        assert (client.get("/admin/").status_code == 200) is keeps_the_old
    # From then on the session is signed with the new key.
    current.SECRET_KEY_FALLBACKS = []
    assert (client.get("/admin/").status_code == 200) is keeps_the_old


@pytest.mark.django_db
@pytest.mark.parametrize("keeps_the_old", [True, False])
def test_links_and_cookies_of_readers_live_on(client, rotate, keeps_the_old):
    guest = Commenter.objects.by_email("ottilie@example.org")
    comment = make_comment(article=make_article(), reader=make_reader(email="kazimir@example.org"))
    links = [
        f"/comments/confirm/{confirmation_token(guest)}/",
        f"/comments/unsubscribe/{unsubscribe_token(comment)}/",
    ]
    cookie = signing.dumps({"browser": "b"}, salt=COOKIE_SALT)
    rotate(keeps_the_old=keeps_the_old)
    for link in links:
        page = client.get(link)
        assert (page.status_code == 200) is keeps_the_old, link
    if keeps_the_old:
        assert signing.loads(cookie, salt=COOKIE_SALT) == {"browser": "b"} and COOKIE
    else:
        with pytest.raises(signing.BadSignature):
            signing.loads(cookie, salt=COOKIE_SALT)
