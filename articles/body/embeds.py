"""What can be embedded from elsewhere, and the page that shows it in a frame. Nobody is contacted before the reader's click."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit, urlunsplit


@dataclass(frozen=True)
class Provider:
    name: str
    pattern: re.Pattern[str]
    frame: Callable[[re.Match[str], str], str]
    #: Height over width of the frame: a film lies, a post stands.
    shape: str = "film"


def _provider(name: str, pattern: str, frame: str, shape: str = "film") -> Provider:
    """`frame` may use the pattern's groups and `{address}`, the whole address percent-encoded."""

    def build(match: re.Match[str], address: str) -> str:
        return frame.format(**match.groupdict(), address=quote(address, safe=""))

    return Provider(name, re.compile(pattern, re.ASCII), build, shape)


# Matched against host and path (and `?v=…`), without scheme and www.
PROVIDERS = (
    _provider("YouTube", r"(?:m\.)?youtube\.com/watch\?v=(?P<id>[\w-]{11})", "https://www.youtube-nocookie.com/embed/{id}?autoplay=1"),
    _provider("YouTube", r"(?:youtu\.be|(?:m\.)?youtube\.com/(?:shorts|live|embed))/(?P<id>[\w-]{11})", "https://www.youtube-nocookie.com/embed/{id}?autoplay=1"),
    _provider("Vimeo", r"(?:vimeo\.com|player\.vimeo\.com/video)/(?P<id>\d{1,12})", "https://player.vimeo.com/video/{id}?dnt=1&autoplay=1"),
    _provider("X", r"(?:x|twitter|mobile\.twitter)\.com/\w{1,20}/status/(?P<id>\d{1,20})", "https://platform.twitter.com/embed/Tweet.html?id={id}&dnt=true", "post"),
    _provider("Instagram", r"instagram\.com/(?:[\w.]+/)?(?:p|reel)/(?P<id>[\w-]{5,40})", "https://www.instagram.com/p/{id}/embed", "post"),
    _provider("Facebook", r"(?:m\.)?facebook\.com/[\w.-]+/(?:posts|videos|photos)/[\w./-]+", "https://www.facebook.com/plugins/post.php?href={address}", "post"),
    _provider("TikTok", r"tiktok\.com/@[\w.]+/video/(?P<id>\d{5,25})", "https://www.tiktok.com/embed/v2/{id}", "post"),
)  # fmt: skip

#: A page with an embed may load frames from here, and from nowhere else (newsportal.security).
EMBED_FRAME_ORIGINS = frozenset(
    {
        "https://www.youtube-nocookie.com",
        "https://player.vimeo.com",
        "https://platform.twitter.com",
        "https://www.instagram.com",
        "https://www.facebook.com",
        "https://www.tiktok.com",
    }
)


@dataclass(frozen=True)
class Embed:
    provider: str
    url: str
    frame_url: str
    shape: str


def find(url: str) -> Embed | None:
    """The embed that an address stands for; None when it is of no known provider."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").removeprefix("www.")
        if parts.scheme not in {"http", "https"} or parts.port or parts.username:
            return None
    except ValueError:
        return None
    place = f"{host}{parts.path}"
    video = re.search(r"(?:^|&)(v=[\w-]+)", parts.query)
    if parts.path == "/watch" and video:
        place += f"?{video[1]}"
    address = urlunsplit(("https", parts.netloc, parts.path, video[1] if parts.path == "/watch" and video else "", ""))
    for provider in PROVIDERS:
        if match := provider.pattern.fullmatch(place.rstrip("/")):
            return Embed(provider.name, address, provider.frame(match, address), provider.shape)
    return None
