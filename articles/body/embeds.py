"""What can be embedded from elsewhere. Readers get a card; only when they ask is anything loaded from the provider."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode, urlsplit


@dataclass(frozen=True, slots=True)
class Embed:
    """One thing at one provider: `url` is its page, for people; `frame_url` is what a frame shows of it."""

    provider: str
    url: str
    frame_url: str
    shape: str  # video (16:9), upright (9:16) or post (text of any length)

    @property
    def is_video(self) -> bool:
        return self.shape != "post"


@dataclass(frozen=True, slots=True)
class Provider:
    """`patterns` are read by Python here and by JavaScript in the editor: keep to what both understand.

    Each is matched from the start of an address; `make` gets the match and the query, and returns the address of the
    page, the path to frame, and the shape.
    """

    name: str
    frame_origin: str
    patterns: tuple[str, ...]
    make: Callable[[re.Match[str], dict[str, str]], tuple[str, str, str]]


def identify(url: str) -> Embed | None:
    """What this address of a provider's page means, with the address in its plainest form; None for any other."""
    url = url.strip()
    for provider in PROVIDERS:
        for pattern in provider.patterns:
            if match := re.match(pattern, url, re.IGNORECASE):
                page, frame, shape = provider.make(match, _query(url))
                return Embed(provider.name, page, provider.frame_origin + frame, shape)
    return None


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


TIME = re.compile(r"^(?:(\d{1,2})h)?(?:(\d{1,3})m)?(?:(\d{1,6})s?)?$", re.ASCII)


def _seconds(time: str) -> int:
    """ "90", "90s" and "1m30s" are 90."""
    match = TIME.match(time)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    return hours * 3600 + minutes * 60 + seconds


def _youtube(match: re.Match[str], query: dict[str, str]) -> tuple[str, str, str]:
    video = match[1]
    start = _seconds(query.get("t") or query.get("start") or "")
    page = f"https://www.youtube.com/watch?v={video}" + (f"&t={start}s" if start else "")
    frame = f"/embed/{video}?autoplay=1" + (f"&start={start}" if start else "")
    if "/shorts/" in match[0].lower():
        return f"https://www.youtube.com/shorts/{video}", frame, "upright"
    return page, frame, "video"


def _vimeo(match: re.Match[str], query: dict[str, str]) -> tuple[str, str, str]:
    # A video that is not listed has a second, secret part in its address.
    video, secret = match[1], match[2] or query.get("h", "")
    if not re.fullmatch(r"[0-9a-f]+", secret):
        secret = ""
    page = f"https://vimeo.com/{video}" + (f"/{secret}" if secret else "")
    return page, f"/video/{video}?autoplay=1&dnt=1" + (f"&h={secret}" if secret else ""), "video"


def _x(match: re.Match[str], query: dict[str, str]) -> tuple[str, str, str]:
    return f"https://x.com/{match[1]}/status/{match[2]}", f"/embed/Tweet.html?id={match[2]}&dnt=true", "post"


def _instagram(match: re.Match[str], query: dict[str, str]) -> tuple[str, str, str]:
    kind = {"reels": "reel"}.get(match[1].lower(), match[1].lower())
    return f"https://www.instagram.com/{kind}/{match[2]}/", f"/{kind}/{match[2]}/embed", "post"


#: What names a post of Facebook whose address ends in a file or a folder for all.
FACEBOOK_NAMES = ("v", "story_fbid", "fbid", "id")


def _facebook(match: re.Match[str], query: dict[str, str]) -> tuple[str, str, str]:
    page = f"https://www.facebook.com/{match[1]}"
    if "/" not in match[1]:
        named = {name: query[name] for name in FACEBOOK_NAMES if re.fullmatch(r"[A-Za-z0-9]+", query.get(name, ""))}
        page += f"?{urlencode(named)}"
    shape = "upright" if match[1].startswith("reel/") else "video" if re.search(r"/videos/|/watch\?", page) else "post"
    plugin = "post" if shape == "post" else "video"
    return page, f"/plugins/{plugin}.php?show_text=true&href={quote(page, safe='')}", shape


def _tiktok(match: re.Match[str], query: dict[str, str]) -> tuple[str, str, str]:
    return f"https://www.tiktok.com/@{match[1]}/video/{match[2]}", f"/embed/v2/{match[2]}", "upright"


PROVIDERS = (
    Provider(
        "YouTube",
        "https://www.youtube-nocookie.com",
        (
            r"^https?://(?:www\.|m\.|music\.)?youtube\.com/watch/?\?(?:[^#]*&)?v=([A-Za-z0-9_-]{11})(?:[&#]|$)",
            r"^https?://(?:www\.|m\.)?youtube(?:-nocookie)?\.com/(?:shorts|live|embed|v)/([A-Za-z0-9_-]{11})(?:[/?#]|$)",
            r"^https?://youtu\.be/([A-Za-z0-9_-]{11})(?:[/?#]|$)",
        ),
        _youtube,
    ),
    Provider(
        "Vimeo",
        "https://player.vimeo.com",
        (
            r"^https?://(?:www\.)?vimeo\.com/(?:channels/[A-Za-z0-9_-]+/|groups/[A-Za-z0-9_-]+/videos/)?([0-9]+)(?:/([0-9a-f]+))?(?:[/?#]|$)",
            r"^https?://player\.vimeo\.com/video/([0-9]+)()(?:[/?#]|$)",
        ),
        _vimeo,
    ),
    Provider(
        "X",
        "https://platform.twitter.com",
        (r"^https?://(?:www\.|mobile\.)?(?:twitter|x)\.com/([A-Za-z0-9_]{1,15}|i(?:/web)?)/status(?:es)?/([0-9]+)(?:[/?#]|$)",),
        _x,
    ),
    Provider(
        "Instagram",
        "https://www.instagram.com",
        (r"^https?://(?:www\.)?instagram\.com/(?:[A-Za-z0-9_.]+/)?(p|tv|reels?)/([A-Za-z0-9_-]+)(?:[/?#]|$)",),
        _instagram,
    ),
    Provider(
        "Facebook",
        "https://www.facebook.com",
        (
            r"^https?://(?:www\.|m\.|web\.)?facebook\.com/([A-Za-z0-9.]+/(?:posts|videos|photos)(?:/[A-Za-z0-9._-]+)+)/?(?:[?#]|$)",
            r"^https?://(?:www\.|m\.|web\.)?facebook\.com/(reel/[0-9]+)(?:[/?#]|$)",
            r"^https?://(?:www\.|m\.|web\.)?facebook\.com/(watch|permalink\.php|story\.php|photo\.php|photo)/?\?(?:[^#]*&)?(?:v|story_fbid|fbid)=[A-Za-z0-9]",
        ),
        _facebook,
    ),
    Provider(
        "TikTok",
        "https://www.tiktok.com",
        (r"^https?://(?:www\.|m\.)?tiktok\.com/@([A-Za-z0-9_.]+)/(?:video|photo)/([0-9]+)(?:[/?#]|$)",),
        _tiktok,
    ),
)

#: For the frame-src of the Content-Security-Policy: the only origins that a page may ever frame.
EMBED_FRAME_ORIGINS = tuple(provider.frame_origin for provider in PROVIDERS)
