"""Where a story can be shared: plain links to the networks' own forms, so that sharing needs no script of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from django.utils.encoding import uri_to_iri

#: Bluesky refuses a longer post and leaves the cutting to the reader (docs.bsky.app, "Action intent links").
BLUESKY_LENGTH = 300


@dataclass(frozen=True)
class ShareLink:
    """`network` names the icon and the hook for scripts; `label` is what readers are told that the link does."""

    network: str
    label: str
    url: str


@dataclass(frozen=True)
class ShareLinks:
    """What templates/components/share.html needs. `url`, `title` and `text` are for the phone's own share sheet."""

    url: str
    title: str
    text: str
    networks: tuple[ShareLink, ...]
    email: ShareLink


def share_links(*, url: str, title: str, text: str = "") -> ShareLinks:
    """The share links of one page.

    `url` is its canonical absolute address; ValueError for any other. `title` is its headline, of which line breaks are
    made spaces. `text` is an optional sentence or more, for where there is room: an e-mail, the phone's own sheet.
    """
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"Only an absolute address can be shared, not {url!r}.")
    title = " ".join(title.split())
    # Where people read it an address has its own letters: encoded, one letter of other scripts takes six places and says nothing.
    read = uri_to_iri(url)
    both = f"{title} {read}"
    networks: list[tuple[str, str, str, dict[str, str]]] = [
        ("whatsapp", "WhatsApp", "https://wa.me/", {"text": both}),
        ("facebook", "Facebook", "https://www.facebook.com/sharer/sharer.php", {"u": url}),
        ("x", "X", "https://x.com/intent/tweet", {"text": title, "url": url}),
        ("telegram", "Telegram", "https://t.me/share/url", {"url": url, "text": title}),
        ("linkedin", "LinkedIn", "https://www.linkedin.com/sharing/share-offsite/", {"url": url}),
        ("bluesky", "Bluesky", "https://bsky.app/intent/compose", {"text": _fitting_bluesky(title, read)}),
        # There is no one Mastodon: static/js/share.js asks for the reader's server and puts it in place of this one.
        ("mastodon", "Mastodon", "https://mastodon.social/share", {"text": both}),
        ("reddit", "Reddit", "https://www.reddit.com/submit", {"url": url, "title": title}),
    ]
    # RFC 6068: line breaks in a body are CR LF.
    body = "\r\n".join([*text.splitlines(), "", url] if text else [url])
    return ShareLinks(
        url=url,
        title=title,
        text=text,
        networks=tuple(
            ShareLink(key, f"Share on {name}", _address(base, params)) for key, name, base, params in networks
        ),
        email=ShareLink("email", "Share by e-mail", _address("mailto:", {"subject": title, "body": body})),
    )


def _address(base: str, params: dict[str, str]) -> str:
    # quote, not quote_plus: in mailto: and in several apps a "+" stays a plus.
    return f"{base}?{urlencode(params, quote_via=quote)}"


def _fitting_bluesky(title: str, url: str) -> str:
    """Title and address, the title cut where both would be too long: a cut address would lead nowhere."""
    room = BLUESKY_LENGTH - len(url) - 1
    if len(title) > room:
        title = title[: max(0, room - 1)].rstrip() + "…"
    return f"{title} {url}"
