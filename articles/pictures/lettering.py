"""Text as a picture: a headline in any script, shaped, broken into lines, and drawn.

HarfBuzz shapes and draws it (uharfbuzz), the Unicode bidirectional algorithm orders it (python-bidi); both come in wheels. Pillow's
own layout needs a FriBiDi that the system may not have, and draws Arabic letter by letter without it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import groupby
from pathlib import Path

import uharfbuzz
from bidi.algorithm import explicit_embed_and_overrides as resolve_explicit_levels
from bidi.algorithm import (
    get_embedding_levels,
    get_empty_storage,
    resolve_implicit_levels,
    resolve_neutral_types,
    resolve_weak_types,
)
from PIL import Image

FONTS = Path(__file__).resolve().parent / "fonts"

#: In the order in which they are asked for a character. Ideographs look different in each country, and share their numbers.
SERIF, SANS = "NotoSerif", "NotoSans"
OTHERS = (
    "NotoNaskhArabic", "NotoSerifHebrew", "NotoSerifArmenian", "NotoSerifGeorgian", "NotoSerifEthiopic", "NotoSerifDevanagari",
    "NotoSerifBengali", "NotoSerifGurmukhi", "NotoSerifGujarati", "NotoSansOriya", "NotoSerifTamil", "NotoSerifTelugu",
    "NotoSerifKannada", "NotoSerifMalayalam", "NotoSerifSinhala", "NotoSerifThai", "NotoSerifLao", "NotoSerifMyanmar",
    "NotoSerifKhmer",
)  # fmt: skip
CHINESE, JAPANESE, KOREAN = "NotoSansCJKsc", "NotoSansCJKjp", "NotoSansCJKkr"

#: No line begins with these (JIS X 4051, kinsoku), nor ends with those.
NOT_FIRST = frozenset(
    "、。，．・：；？！ー々〻ゝゞヽヾ」』）】〉》〕］｝’”…‥ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ%％℃.,:;?!)]}»›"
)
NOT_LAST = frozenset("「『（【〈《〔［｛‘“([{«‹")
#: Written without spaces: a line may end after any letter, where no word can be told from the next.
WITHOUT_SPACES = (("฀", "\u0eff"), ("က", "႟"), ("ក", "\u17ff"))
ELLIPSIS = "…"
BREAKS_WORDS = 0.6
#: Joiners and marks of direction, which shape what stands beside them and are not seen.
JOINERS = frozenset("\u200c\u200d\u200e\u200f")
#: Embeddings, overrides and isolates: a headline has no use for them but mischief.
CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, eq=False)
class Face:
    name: str

    @cached_property
    def face(self) -> uharfbuzz.Face:
        path = next(FONTS.glob(f"{self.name}-Bold.*"))
        return uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))

    @cached_property
    def characters(self) -> frozenset[int]:
        return frozenset(self.face.unicodes)

    @cached_property
    def font(self) -> uharfbuzz.Font:
        """At its own scale: all measures are in units of the face, of which `face.upem` are as high as the size."""
        return uharfbuzz.Font(self.face)


@cache
def face(name: str) -> Face:
    return Face(name)


@dataclass(frozen=True)
class Style:
    """Which face Latin, Greek and Cyrillic letters have, and the language (BCP 47) that decides where scripts are shared."""

    first: str = SERIF
    language: str = "en"

    def faces(self, text: str) -> list[Face]:
        kana = any("\u3040" <= c <= "\u30ff" for c in text)
        japanese = kana or (self.language.startswith("ja") and not any("가" <= c <= "힣" for c in text))
        han = (JAPANESE, CHINESE, KOREAN) if japanese else (CHINESE, JAPANESE, KOREAN)
        return [face(name) for name in (self.first, *OTHERS, *han)]


def drawable(text: str, style: Style) -> str:
    """The text without what no face of ours has (emoji, rare ideographs) and without controls; composed, on one line."""
    faces = style.faces(text)
    kept = (
        character
        for character in " ".join(unicodedata.normalize("NFC", text).split())
        if character in JOINERS or any(ord(character) in found.characters for found in faces)
    )
    return " ".join("".join(c for c in kept if unicodedata.category(c) != "Cc" and c not in CONTROLS).split())


def is_right_to_left(text: str) -> bool:
    """Which way a paragraph runs, by its first strong letter (UAX #9, P2 and P3)."""
    for character in text:
        match unicodedata.bidirectional(character):
            case "R" | "AL":
                return True
            case "L":
                return False
    return False


@dataclass(frozen=True)
class Run:
    """Neighbours of one face and one direction."""

    text: str
    face: Face
    right_to_left: bool


@dataclass(frozen=True)
class Glyph:
    """Where a glyph stands, in fractions of the size, from the left end of its line's base line."""

    face: Face
    number: int
    x: float
    y: float


def runs(line: str, style: Style, *, right_to_left: bool) -> list[Run]:
    """The runs of one line as they are seen, from left to right (UAX #9, L2)."""
    if not line:
        return []
    faces = _faces(line, style)
    levels = _levels(line, right_to_left)
    found: list[tuple[int, Run]] = []
    for (level, used), part in groupby(zip(levels, faces, line, strict=True), key=lambda item: (item[0], item[1])):
        found.append((level, Run("".join(character for _, _, character in part), used, bool(level % 2))))
    for level in range(max(levels), 0, -1):
        found = _turned(found, level)
    return [run for _, run in found]


def _turned(found: list[tuple[int, Run]], level: int) -> list[tuple[int, Run]]:
    """With every sequence of runs of this level or a higher one turned around."""
    turned: list[tuple[int, Run]] = []
    for is_inside, neighbours in groupby(found, key=lambda item: item[0] >= level):
        turned += list(neighbours)[:: -1 if is_inside else 1]
    return turned


def _levels(line: str, right_to_left: bool) -> list[int]:
    """The embedding level of each character."""
    # Joiners weigh nothing, and the algorithm would leave them out (X9): the letter before each stands in for it.
    stand_ins = list(line)
    for index, character in enumerate(stand_ins):
        if unicodedata.bidirectional(character) == "BN":
            stand_ins[index] = stand_ins[index - 1] if index else " "
    base = int(right_to_left)
    storage = get_empty_storage()
    storage["base_level"], storage["base_dir"] = base, "LR"[base]
    get_embedding_levels("".join(stand_ins), storage)
    for step in (resolve_explicit_levels, resolve_weak_types, resolve_neutral_types):
        step(storage, False)
    resolve_implicit_levels(storage, False)
    return [character["level"] for character in storage["chars"]]


def _faces(line: str, style: Style) -> list[Face]:
    """For each character the first face that has it; marks, joiners, spaces and points stay with their neighbours."""
    available = style.faces(line)
    chosen: list[Face] = []
    for character in line:
        before = chosen[-1] if chosen else None
        stays = character in JOINERS or unicodedata.category(character)[0] in "MZPN"
        if before and stays and (character in JOINERS or ord(character) in before.characters):
            chosen.append(before)
        else:
            chosen.append(next((f for f in available if ord(character) in f.characters), available[0]))
    return chosen


@lru_cache(maxsize=2_000)
def shaped(line: str, style: Style, right_to_left: bool) -> tuple[tuple[Glyph, ...], float]:
    """The glyphs of a line and its width, both for a size of 1."""
    glyphs: list[Glyph] = []
    x = 0.0
    for run in runs(line, style, right_to_left=right_to_left):
        buffer = uharfbuzz.Buffer()
        buffer.add_str(run.text)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if run.right_to_left else "ltr"
        buffer.language = style.language
        uharfbuzz.shape(run.face.font, buffer)
        upem = run.face.face.upem
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            glyphs.append(Glyph(run.face, info.codepoint, x + position.x_offset / upem, position.y_offset / upem))
            x += position.x_advance / upem
    return tuple(glyphs), x


def extents(glyphs: tuple[Glyph, ...]) -> tuple[float, float]:
    """How far the ink goes above and below the base line, for a size of 1."""
    above = below = 0.0
    for glyph in glyphs:
        if box := glyph.face.font.get_glyph_extents(glyph.number):
            upem = glyph.face.face.upem
            above = max(above, glyph.y + box.y_bearing / upem)
            below = max(below, -(glyph.y + (box.y_bearing + box.height) / upem))
    return above, below


# --- Lines ------------------------------------------------------------------------------------------------------------


def pieces(text: str) -> list[str]:
    """The text cut wherever a line may end, spaces with the piece before them."""
    if not text:
        return []
    cuts = [index for index in range(1, len(text)) if _may_break(text[index - 1], text[index])]
    return [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def _may_break(before: str, after: str) -> bool:
    if after in NOT_FIRST or before in NOT_LAST or after == " ":
        return False
    if before == " ":
        return True
    if before in "-–—/‐\u200b" and after.isalnum():
        return True
    # Korean has spaces; ideographs and kana have not.
    return any(unicodedata.east_asian_width(c) in "WF" and not "가" <= c <= "힣" for c in (before, after))


def _letters(word: str) -> Iterator[str]:
    """A word cut between letters, marks with theirs: for what is wider than a line, and for scripts without spaces."""
    start = 0
    for index in range(1, len(word)):
        c, before = word[index], word[index - 1]
        # A vowel that is written before its consonant, and a virama, keep what follows.
        leads = "เ" <= before <= "ไ" or "ເ" <= before <= "ໄ" or unicodedata.combining(before) == 9
        if unicodedata.category(c)[0] != "M" and c not in JOINERS and before not in JOINERS and not leads:
            yield word[start:index]
            start = index
    yield word[start:]


def _is_without_spaces(piece: str) -> bool:
    return any(first <= piece[0] <= last for first, last in WITHOUT_SPACES)


@dataclass(frozen=True)
class Setting:
    """Text that fits its box: `lines` at `size` pixels, `leading` pixels from base line to base line."""

    lines: tuple[str, ...]
    size: int
    leading: float
    above: float
    below: float
    style: Style
    right_to_left: bool

    @property
    def height(self) -> int:
        """From the highest ink of the first line to the lowest of the last, in pixels."""
        if not self.lines:
            return 0
        return round(self.leading * (len(self.lines) - 1) + (self.above + self.below) * self.size)

    @property
    def width(self) -> float:
        """Of the widest line, in pixels."""
        return max((shaped(line, self.style, self.right_to_left)[1] for line in self.lines), default=0) * self.size


def fit(text: str, style: Style, *, width: int, height: int, sizes: range, most_lines: int = 99) -> Setting:
    """The largest of `sizes` (falling) at which the text fits, in as few lines as that takes, as even as can be.

    No word is broken that fits a line at BREAKS_WORDS of the largest size. What does not fit at the smallest size loses its
    end, with an ellipsis.
    """
    text = drawable(text, style)
    right_to_left = is_right_to_left(text)
    above, below = extents(shaped(text, style, right_to_left)[0])
    # Marks above and below take room; Latin would look lost with that of Khmer.
    leading = max(1.14, (above + below) * 1.08)

    def setting(lines: list[str], size: int) -> Setting:
        return Setting(tuple(lines), size, leading * size, above, below, style, right_to_left)

    widest = max((_width(p, style, right_to_left) for p in pieces(text) if not _is_without_spaces(p)), default=0)
    for size in sizes:
        # Rather smaller than with a broken word, but not for the sake of one monster.
        if widest * size > width and size > BREAKS_WORDS * sizes[0]:
            continue
        found = setting(_even_lines(text, style, right_to_left, width / size), size)
        if found.height <= height and len(found.lines) <= most_lines:
            return found
    size = sizes[-1]
    room = max(1, min(most_lines, int((height - (above + below) * size) // (leading * size)) + 1))
    return setting(_cut(text, style, right_to_left, width / size, room), size)


def _width(text: str, style: Style, right_to_left: bool) -> float:
    return shaped(text.strip(), style, right_to_left)[1]


def _measured(text: str, style: Style, right_to_left: bool, room: float) -> list[tuple[str, float, float]]:
    """Pieces with their width alone and with the space after them; those that are wider than `room` are cut up."""
    found = []
    for piece in pieces(text):
        words = [piece]
        if _is_without_spaces(piece) or _width(piece, style, right_to_left) > room:
            words = list(_letters(piece))
        for word in words:
            width = _width(word, style, right_to_left)
            found.append((word, width, width + (0.26 if word.endswith(" ") else 0)))
    return found


def _even_lines(text: str, style: Style, right_to_left: bool, room: float) -> list[str]:
    measured = _measured(text, style, right_to_left, room)
    lines = _filled(measured, room)
    # The narrowest column that takes no more lines makes them even.
    low, high = room / 3, room
    for _ in range(12):
        middle = (low + high) / 2
        if len(tried := _filled(measured, middle)) <= len(lines) and all(w <= middle for _, w, _ in measured):
            lines, high = tried, middle
        else:
            low = middle
    return lines


def _filled(measured: list[tuple[str, float, float]], room: float) -> list[str]:
    lines, line, used = [], "", 0.0
    for word, width, with_space in measured:
        if line and used + width > room:
            lines.append(line.strip())
            line, used = "", 0.0
        line += word
        used += with_space
    return [*lines, line.strip()] if line.strip() else lines


def _cut(text: str, style: Style, right_to_left: bool, room: float, most_lines: int) -> list[str]:
    lines = _filled(_measured(text, style, right_to_left, room), room)
    if len(lines) <= most_lines:
        return lines
    last = lines[most_lines - 1]
    while last and _width(last + ELLIPSIS, style, right_to_left) > room:
        last = last[:-1]
    return [*lines[: most_lines - 1], last.rstrip() + ELLIPSIS]


# --- Drawing ----------------------------------------------------------------------------------------------------------


def draw(setting: Setting, onto: Image.Image, *, left: int, top: int, width: int, colour: str) -> None:
    """Draw the text with its highest ink at `top`, between `left` and `left + width`, on the side where it begins."""
    for number, line in enumerate(setting.lines):
        glyphs, advance = shaped(line, setting.style, setting.right_to_left)
        x = left + (width - advance * setting.size if setting.right_to_left else 0)
        base = top + setting.above * setting.size + number * setting.leading
        rasteriser = uharfbuzz.RasterDraw()
        for glyph in glyphs:
            scale = setting.size / glyph.face.face.upem
            # The rasteriser's y goes up.
            rasteriser.transform = (scale, 0, 0, scale, x + glyph.x * setting.size, glyph.y * setting.size - base)
            rasteriser.draw_glyph(glyph.face.font, glyph.number)
        ink = rasteriser.render()
        box = ink.extents if ink else None
        if not box or not box.width or not box.height:
            continue  # a line of what has no ink
        mask = Image.frombuffer("L", (box.width, box.height), bytes(ink.buffer), "raw", "L", box.stride, -1)
        onto.paste(colour, (box.x_origin, -box.y_origin - box.height), mask)
