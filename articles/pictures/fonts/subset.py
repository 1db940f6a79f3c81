"""Make the fonts beside this file from Debian's fonts-noto-core and fonts-noto-cjk: `python subset.py <folder of fonts>`.

Needs fonttools. Bold alone, without hinting; of the Latin font without symbols, of the ideographs those that
the national standards name (GB 2312, Big5 level 1, JIS X 0208).
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).resolve().parent

SCRIPTS = [
    "NotoNaskhArabic", "NotoSerifHebrew", "NotoSerifArmenian", "NotoSerifGeorgian", "NotoSerifEthiopic",
    "NotoSerifDevanagari", "NotoSerifBengali", "NotoSerifGurmukhi", "NotoSerifGujarati", "NotoSansOriya", "NotoSerifTamil",
    "NotoSerifTelugu", "NotoSerifKannada", "NotoSerifMalayalam", "NotoSerifSinhala",
    "NotoSerifThai", "NotoSerifLao", "NotoSerifMyanmar", "NotoSerifKhmer",
]  # fmt: skip


def characters(encoding: str) -> set[int]:
    """All that a double-byte encoding has."""
    found = set()
    for pair in (bytes([lead, trail]) for lead in range(0xA1, 0xFF) for trail in range(0x40, 0xFF)):
        try:
            text = pair.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(text) == 1:
            found.add(ord(text))
    return found


def ideographs(*encodings: str) -> set[int]:
    return {c for encoding in encodings for c in characters(encoding) if 0x3400 <= c <= 0x9FFF}


BIG5_LEVEL_1 = {c for c in characters("big5") if 0xA440 <= int.from_bytes(chr(c).encode("big5")) <= 0xC67E}
KANA_AND_MARKS = {*range(0x3000, 0x3100), *range(0xFF00, 0xFFF0)}
HANGUL = {*range(0xAC00, 0xD7A4), *range(0x3130, 0x3190)}


def make(source: Path, name: str, *, number: int = -1, characters: set[int] | None = None) -> None:
    font = TTFont(source, fontNumber=number)
    options = subset.Options()
    options.hinting = False
    options.notdef_outline = True
    options.name_IDs = [0, 1, 2, 13, 14]
    options.layout_features = ["*"] if number < 0 else ["ccmp"]
    options.drop_tables += ["vhea", "vmtx", "VORG", "BASE", "DSIG", "MATH", "meta"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters if characters is not None else font.getBestCmap().keys())
    subsetter.subset(font)
    font.save(HERE / name)


def main(folder: Path) -> None:
    truetype, cjk = folder / "truetype/noto", folder / "opentype/noto/NotoSansCJK-Bold.ttc"
    latin = {*range(0x20, 0x600), *range(0x1E00, 0x2100), *range(0xFB00, 0xFB07)}
    latin |= {0x2116, 0x2122, *range(0x2190, 0x2194), 0x2212, 0x25CC}
    make(truetype / "NotoSerif-Bold.ttf", "NotoSerif-Bold.ttf", characters=latin)
    make(truetype / "NotoSans-Bold.ttf", "NotoSans-Bold.ttf", characters=latin)
    for name in SCRIPTS:
        make(truetype / f"{name}-Bold.ttf", f"{name}-Bold.ttf")
    chinese = ideographs("gb2312", "euc_jp") | BIG5_LEVEL_1
    make(cjk, "NotoSansCJKsc-Bold.otf", number=2, characters=chinese | KANA_AND_MARKS)
    make(cjk, "NotoSansCJKjp-Bold.otf", number=0, characters=ideographs("euc_jp") | KANA_AND_MARKS)
    make(cjk, "NotoSansCJKkr-Bold.otf", number=1, characters=HANGUL | KANA_AND_MARKS)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
