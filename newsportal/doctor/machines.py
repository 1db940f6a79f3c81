"""The machines beside this one, each asked once and with a time limit: the cache, the mail server, and our own front door."""

from __future__ import annotations

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import Request

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from articles.http.outbound import opener
from articles.models import Article, Image
from articles.pictures.renditions import JPEG, sizes
from newsportal.doctor.finding import Finding, fine, odd, told, wrong

#: In seconds, for each step.
SHORT, LONG = 1.0, 5.0
#: Of a certificate's time, which is 90 days with Let's Encrypt and may be six: it is made anew when a third is left, or a half
#: (https://letsencrypt.org/docs/integration-guide/#when-to-renew). One for a year is told of as late as one for 90 days.
DAY = 24 * 3600
LATE, ALMOST_OVER = 20 / 90, 7 / 90
#: What a JPEG begins with.
OF_JPEG = "\xff\xd8\xff"


def cache() -> list[Finding]:
    if "redis" not in settings.CACHES["default"]["BACKEND"].lower():
        return [fine("The cache is in the memory of each process.")]
    import redis

    client = redis.Redis.from_url(
        settings.CACHES["default"]["LOCATION"], socket_timeout=SHORT, socket_connect_timeout=SHORT, retry=None
    )
    try:
        # Not a PING: one whose memory is full answers that, and takes nothing.
        client.set("newsportal:doctor", 1, ex=60)
        memory: Any = client.info("memory")
    except redis.OutOfMemoryError:
        return [
            wrong(
                "Redis is full and takes nothing more. The site works without it, only slower, and each save waits for a second.",
                "Raise its maxmemory, and look what else is kept there (redis-cli --bigkeys).",
            )
        ]
    except redis.RedisError as problem:
        return [
            wrong(
                f"Redis does not answer ({type(problem).__name__}). The site works without it, only slower.",
                "Look whether Redis runs and whether CACHE_URL names it.",
            )
        ]
    finally:
        client.close()
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory") and policy != "noeviction":
        return [
            odd(
                f"Redis throws something away when it is full (maxmemory-policy {policy}): a page may then be held against a "
                "number that is past.",
                "Set maxmemory-policy to noeviction: the site's keys go by themselves after a day.",
            )
        ]
    return [fine("Redis answers, and takes what it is given.")]


def mail_server() -> list[Finding]:
    """Connect and log in as letters do: what would have each of them refused is found. No letter is sent."""
    if not settings.MAIL_ENABLED:
        return [
            odd("EMAIL_HOST is not set: no mail is sent, and guests cannot confirm their address.", "Set EMAIL_HOST.")
        ]
    named = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    server = EmailBackend(timeout=LONG)
    try:
        server.open()
    except ssl.SSLCertVerificationError as problem:
        why = problem.verify_message.rstrip(".")
        return [
            wrong(
                f"The certificate of the mail server {named} is not believed, and no letter goes out: {why}.",
                "Set EMAIL_HOST to the name that stands in it, or give the server one that is valid and signed by an authority "
                "known here (update-ca-certificates); one on this machine needs none with EMAIL_USE_TLS=false.",
            )
        ]
    except smtplib.SMTPAuthenticationError as problem:
        return [
            wrong(
                f"The mail server {named} does not let us log in ({problem.smtp_code}), and no letter goes out.",
                "Look at EMAIL_HOST_USER and EMAIL_HOST_PASSWORD.",
            )
        ]
    except (smtplib.SMTPException, OSError) as problem:
        return [
            wrong(
                f"The mail server {named} cannot be talked to ({type(problem).__name__}).",
                "Look at EMAIL_HOST, EMAIL_PORT, EMAIL_USE_TLS and EMAIL_USE_SSL, and whether the firewall lets us out.",
            )
        ]
    finally:
        # How it says goodbye is nobody's trouble.
        with suppress(smtplib.SMTPException, OSError):
            server.close()
    return [fine(f"The mail server {settings.EMAIL_HOST} lets us in.")]


def site() -> list[Finding]:
    """Ask SITE_URL, and nothing else, as the world does."""
    mend = "Look at the web server before the site, at SITE_URL, and at its name in DNS."
    status, body, *_ = _ask(f"{settings.SITE_URL}/healthz")
    if status is None:
        return [wrong(f"{settings.SITE_URL} does not answer ({body}).", mend)]
    if status != 200 or body != "ok\n":
        return [wrong(f"{settings.SITE_URL}/healthz is answered by something else (status {status}).", mend)]
    found = [fine(f"{settings.SITE_URL} answers."), *_certificate()]
    # Its answer to /healthz is the same with and without TLS; that of a page is not.
    page = f"{settings.SITE_URL}/robots.txt"
    answer = _ask(page)
    if answer.location == page:
        found.append(
            wrong(
                "Pages redirect to themselves: the site does not hear that readers come over TLS.",
                "Let the proxy set X-Forwarded-Proto, and set BEHIND_PROXY=true.",
            )
        )
    elif answer.status == 400:
        found.append(
            wrong(
                "Pages are refused with 400: the site does not answer to the name that the proxy passes on.",
                "Let the proxy pass Host on, and name it in ALLOWED_HOSTS.",
            )
        )
    elif answer.status != 200:
        found.append(wrong(f"Pages are answered with status {answer.status}.", "Look into the log."))
    else:
        # Neither of the two above is a page that is made of stories.
        found.append(_page("The front page", f"{settings.SITE_URL}/"))
    return found


def newest_story() -> list[Finding]:
    story = Article.objects.public().order_by("-publish_at", "-pk").first()
    if story is None:
        return [fine("There are no stories yet.")]
    return [_page("The newest story", urljoin(f"{settings.SITE_URL}/", story.get_absolute_url()))]


def _page(name: str, url: str) -> Finding:
    """Whether readers get it, as it is now."""
    answer = _ask(url)
    mend = "Look into the log of the site: journalctl -u newsportal -u newsportal-pages."
    if answer.is_stale:
        return wrong(
            f"{name} is shown as it was: the site does not make it any more, and the web server sends what it kept: {url}",
            mend,
        )
    if answer.status != 200:
        came = answer.body if answer.status is None else f"status {answer.status}"
        return wrong(f"{name} does not come ({came}): {url}", mend)
    return fine(f"{name} comes as readers ask for it.")


def newest_picture() -> list[Finding]:
    """Fetch it as a reader's browser does, wherever it is."""
    image = Image.objects.order_by("pk").last()
    if image is None:
        return [fine("There are no pictures yet.")]
    url = urljoin(f"{settings.SITE_URL}/", sizes(image)[0].url(JPEG))
    status, body, *_ = _ask(url)
    if status == 200 and body.startswith(OF_JPEG):
        return [fine("The newest picture comes as readers fetch it.")]
    came = body if status is None else f"status {status}" if status != 200 else "something else came"
    return [
        wrong(
            f"The newest picture cannot be fetched ({came}): {url}",
            "Look at the web server that answers there; where the application does, whether ALLOWED_HOSTS has MEDIA_ORIGIN's host; "
            "with S3_BUCKET, whether everybody may read what is in it.",
        )
    ]


def _certificate() -> list[Finding]:
    """Whether it is made anew in time: once it has ended nobody can read."""
    site = urlsplit(settings.SITE_URL)
    if site.scheme != "https" or not site.hostname:
        return []
    try:
        with (
            socket.create_connection((site.hostname, site.port or 443), timeout=LONG) as connection,
            ssl.create_default_context().wrap_socket(connection, server_hostname=site.hostname) as secured,
        ):
            certificate: Any = secured.getpeercert()
    except OSError:
        # It has answered a moment ago: from here the way there leads through a proxy.
        return []
    begins, ends = (ssl.cert_time_to_seconds(certificate[name]) for name in ("notBefore", "notAfter"))
    left, whole = ends - time.time(), min(ends - begins, 90 * DAY)
    if left > LATE * whole:
        return [fine(f"Its certificate is good for {told(left)}.")]
    say = wrong if left <= ALMOST_OVER * whole else odd
    return [
        say(
            f"The certificate of {site.hostname} ends in {told(left)}: after that readers are warned away.",
            "Run certbot renew and read what it says, then systemctl reload nginx; systemctl list-timers certbot says whether it "
            "is done by itself.",
        )
    ]


class Answer(NamedTuple):
    """`body`: its beginning, or why nothing came back, where `status` is None. `location`: where a redirect leads.

    `is_stale`: nginx has kept it, and sends it since the application does not answer (deploy/nginx.conf).
    """

    status: int | None
    body: str
    location: str = ""
    is_stale: bool = False


def _ask(url: str) -> Answer:
    request = Request(url, headers={"User-Agent": "newsportal-doctor"})  # noqa: S310 (http or https, by newsportal.environment)
    try:
        with opener().open(request, timeout=LONG) as response:
            is_stale = response.headers.get("X-Cache") == "STALE"
            return Answer(response.status, response.read(100).decode("latin-1"), is_stale=is_stale)
    except HTTPError as answer:
        return Answer(answer.code, "", answer.headers.get("Location", ""))
    except (OSError, HTTPException) as problem:
        reason = getattr(problem, "reason", problem)
        is_named = isinstance(reason, socket.gaierror)
        return Answer(None, "its name is not known" if is_named else type(reason).__name__)
