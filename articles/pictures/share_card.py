"""The picture that networks show when a story is shared: headline, section, lead picture and masthead, 1200 by 630."""

from __future__ import annotations

import hashlib
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from PIL import Image as Pillow

from articles.pictures.lettering import SANS, Setting, Style, draw, drawable, fit, is_right_to_left
from articles.pictures.renditions import crop_box, read

if TYPE_CHECKING:
    from articles.models import Image

FOLDER = "share-cards"
MEDIA_TYPE = "image/jpeg"
WIDTH, HEIGHT = 1200, 630
#: WhatsApp shows none that is larger than 300 KB.
MAX_BYTES = 280_000
QUALITIES = (88, 80, 72, 62, 50, 35, 20)

MARGIN = 64
TEXT_WIDTH = WIDTH - 2 * MARGIN
HEADLINE_SIZES = range(84, 38, -2)
#: How much of a picture stays visible above the headline, and how high a headline may grow.
MOST_TEXT, MOST_TEXT_ALONE = 270, 380
NAME_SIZES = range(34, 18, -2)
KICKER_SIZES = range(28, 18, -2)

NIGHT, PAPER, BILL = "#0e1b26", "#ffffff", "#f2b705"
#: The light values of static/css/tokens.css: white can be read on each.
COLOURS = {
    "ink": "#0e1b26", "petrol": "#0b5868", "brick": "#9a3420", "ochre": "#7a5600",
    "moss": "#455c1d", "plum": "#722659", "slate": "#3f5164", "rose": "#9c2b54",
}  # fmt: skip
#: White on white under this much of NIGHT has a contrast of more than 7:1.
SCRIM = 0.74

#: Raised by whoever changes how cards look: all get new names, and are made anew.
DESIGN = 1


@dataclass(frozen=True)
class Card:
    """All that a card shows. Two that are equal look the same, and have the same name.

    `colour` is a key of COLOURS; `story` keeps the files of two stories apart; `picture` is its digest and focal point.
    """

    headline: str
    masthead: str
    kicker: str = ""
    colour: str = "ink"
    picture: str = ""
    language: str = "en"
    story: int | None = None

    @property
    def key(self) -> str:
        """Thirty-two hexadecimal digits for what it shows."""
        told = json.dumps([DESIGN, asdict(self)], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:32]

    @property
    def name(self) -> str:
        """Where its file is stored: named by what it shows, so that it never changes."""
        return f"{FOLDER}/{self.key[:2]}/{self.key[2:4]}/{self.key[4:]}.jpg"

    @property
    def can_be_drawn(self) -> bool:
        """Whether anything is left of the headline in our fonts: one of emoji alone makes no card."""
        return any(character.isalnum() for character in drawable(self.headline, Style(language=self.language)))


def picture_key(image: Image | None) -> str:
    """What of a lead picture decides how a card looks."""
    return f"{image.digest} {round(image.focal_x, 2)} {round(image.focal_y, 2)}" if image else ""


def render(card: Card, image: Image | None = None) -> bytes:
    """The card as a JPEG of at most MAX_BYTES. `image` is the lead picture that `card.picture` names."""
    style = Style(language=card.language)
    canvas = _ground(card, image)
    mirrored = is_right_to_left(drawable(card.headline, style))

    foot = HEIGHT - MARGIN + 8
    name = fit(card.masthead, style, width=TEXT_WIDTH, height=50, sizes=NAME_SIZES, most_lines=1)
    kicker = fit(
        card.kicker, Style(SANS, card.language), width=TEXT_WIDTH - 80, height=40, sizes=KICKER_SIZES, most_lines=1
    )
    most = MOST_TEXT if image else MOST_TEXT_ALONE
    headline = fit(card.headline, style, width=TEXT_WIDTH, height=most, sizes=HEADLINE_SIZES, most_lines=5)

    name_top = foot - name.height
    rule_top = name_top - 26
    headline_top = rule_top - 26 - headline.height
    kicker_top = headline_top - 32 - kicker.height
    if image:
        _darken(canvas, (kicker_top if kicker.lines else headline_top) - 24)
    canvas.paste(BILL, _block(72, rule_top, rule_top + 5, mirrored))
    if kicker.lines:
        _kicker(canvas, kicker, kicker_top, mirrored, ground=COLOURS[card.colour] if image else BILL)
    _draw(canvas, headline, headline_top, mirrored)
    _draw(canvas, name, name_top, mirrored)
    return _encoded(canvas)


def _ground(card: Card, image: Image | None) -> Pillow.Image:
    if image is None:
        return Pillow.new("RGB", (WIDTH, HEIGHT), COLOURS[card.colour])
    box = crop_box(image, f"{WIDTH}:{HEIGHT}")
    return read(image).resize((WIDTH, HEIGHT), Pillow.Resampling.LANCZOS, box=box, reducing_gap=2)


def _darken(canvas: Pillow.Image, top: int) -> None:
    """From `top` down whatever the picture shows is dark enough for white letters; above it fades out."""
    fade = 150
    column = [round(255 * SCRIM * min(1, max(0, (y - top + fade) / fade))) for y in range(HEIGHT)]
    scrim = Pillow.frombytes("L", (1, HEIGHT), bytes(column)).resize((WIDTH, HEIGHT))
    canvas.paste(NIGHT, (0, 0, WIDTH, HEIGHT), scrim)


def _kicker(canvas: Pillow.Image, kicker: Setting, top: int, mirrored: bool, *, ground: str) -> None:
    """The section on a block: of its own colour, where the rest of the card has not that colour already."""
    block = _block(round(kicker.width) + 36, top - 14, top + kicker.height + 14, mirrored)
    canvas.paste(ground, block)
    colour = NIGHT if ground == BILL else PAPER
    draw(kicker, canvas, left=block[0] + 18, top=top, width=block[2] - block[0] - 36, colour=colour)


def _block(width: int, top: int, bottom: int, mirrored: bool) -> tuple[int, int, int, int]:
    """A box that begins where lines begin."""
    left = WIDTH - MARGIN - width if mirrored else MARGIN
    return left, top, left + width, bottom


def _draw(canvas: Pillow.Image, setting: Setting, top: int, mirrored: bool) -> None:
    left, width = MARGIN, TEXT_WIDTH
    if mirrored and not setting.right_to_left:
        # A name in Latin letters stands where the headline begins.
        left, width = round(WIDTH - MARGIN - setting.width), round(setting.width)
    draw(setting, canvas, left=left, top=top, width=width, colour=PAPER)


def _encoded(canvas: Pillow.Image) -> bytes:
    for quality in QUALITIES:
        buffer = io.BytesIO()
        # Colour at full resolution: halved, it frays the edges of letters.
        canvas.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True, progressive=True)
        if buffer.tell() <= MAX_BYTES:
            break
    return buffer.getvalue()
