"""Headlines as pictures: shaped, in their order, broken where a reader would break them, and with no box for a letter."""

import pytest
from PIL import Image, ImageChops

from articles.pictures.lettering import ELLIPSIS, FONTS, Style, draw, drawable, face, fit, pieces, runs, shaped

STYLE = Style()
SIZES = range(84, 38, -2)

HEADLINES = {
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Vietnamese": "Đường phố Hà Nội ngập lụt sau trận mưa lớn nhất",
    "Yoruba": "Ọjọ́ tí ó kọjá, ìjọba ṣe ìkéde",
    "Russian": "Правительство объявило о новых мерах",
    "Greek": "Η κυβέρνηση ανακοινώνει νέα μέτρα",
    "Arabic": "وزراء الخارجية العرب يجتمعون في القاهرة",
    "Persian": "دولت می‌خواهد قیمت بنزین را ۲۰٪ افزایش دهد",
    "Urdu": "وزیر اعظم نے نئی پالیسی کا اعلان کیا",
    "Hebrew": "ראש הממשלה נפגש עם הנשיא",
    "Hindi": "प्रधानमंत्री ने नई शिक्षा नीति की घोषणा की",
    "Bengali": "জলবায়ু পরিবর্তনের কারণে বাংলাদেশে বন্যা",
    "Tamil": "இந்தியாவில் புதிய கல்விக் கொள்கை",
    "Thai": "รัฐบาลประกาศมาตรการกระตุ้นเศรษฐกิจ",
    "Burmese": "မြန်မာနိုင်ငံတွင် ရေကြီးမှု",
    "Khmer": "ភាពរាំងស្ងួតនៅកម្ពុជា",
    "Amharic": "የኢትዮጵያ መንግሥት አዲስ እቅድ ይፋ አደረገ",
    "Georgian": "საქართველოს პარლამენტი",
    "Armenian": "Հայաստանի կառավարությունը",
    "Chinese": "北京宣布新一轮经济刺激计划，市场反应热烈",
    "Traditional Chinese": "臺北市長宣布鐵路擴建計畫",
    "Japanese": "東京都の人口が初めて減少",
    "Korean": "서울시, 내년부터 대중교통 요금 인상",
}


def mask(text: str, **box) -> Image.Image:
    setting = fit(text, STYLE, **({"width": 1072, "height": 380, "sizes": SIZES} | box))
    picture = Image.new("RGB", (1072, 420), "black")
    draw(setting, picture, left=0, top=0, width=1072, colour="white")
    return picture.convert("L")


@pytest.mark.parametrize("headline", HEADLINES.values(), ids=HEADLINES)
def test_every_letter_is_drawn_and_none_is_a_box(headline):
    assert drawable(headline, STYLE) == headline
    glyphs, width = shaped(headline, STYLE, False)
    assert width > 0
    assert all(glyph.number != 0 for glyph in glyphs)  # 0 is .notdef in every font
    assert mask(headline).getbbox()


def test_what_no_font_has_is_left_out_and_leaves_no_hole():
    assert drawable("Wow 🎉 what\u0007 a\u202e day 👩‍🚀!", STYLE).replace("\u200d", "") == "Wow what a day !"
    assert drawable("Tab\tand\nline", STYLE) == "Tab and line"
    assert fit("🎉🎉", STYLE, width=1000, height=300, sizes=SIZES).lines == ()


def test_arabic_letters_join():
    joined, _ = shaped("بيت", STYLE, True)
    apart = [shaped(letter, STYLE, True)[0][0].number for letter in "تيب"]
    assert [glyph.number for glyph in joined] != apart


def test_a_persian_joiner_keeps_letters_apart_and_is_not_seen():
    with_joiner, width = shaped("می‌خواهد", STYLE, True)
    _, other = shaped("میخواهد", STYLE, True)
    assert width != other
    assert all(glyph.number for glyph in with_joiner)


def test_right_to_left_reads_from_the_right_with_its_numbers_and_names_from_the_left():
    seen = runs("נשיא BBC בירושלים (ב-2026)", STYLE, right_to_left=True)
    words = [run.text.strip() for run in seen if any(character.isalnum() for character in run.text)]
    assert words == ["2026", "ב-", "בירושלים", "BBC", "נשיא"]
    assert [run.right_to_left for run in seen if "BBC" in run.text or "2026" in run.text] == [False, False]


def test_a_right_to_left_line_stands_at_the_right():
    left, _, right, _ = mask("שלום").getbbox()
    assert left > 536 and right > 1060
    left, _, right, _ = mask("Peace").getbbox()
    assert left < 12 and right < 536


def test_the_first_hebrew_letter_is_the_rightmost():
    """Alef is drawn where a line of alef alone is drawn, with the rest of the word to its left."""
    word, alef = mask("אבג", sizes=range(84, 82, -2)), mask("א", sizes=range(84, 82, -2))
    left, *_ = alef.getbbox()
    rightmost = (left + 2, 0, 1072, 420)
    difference = ImageChops.difference(word.crop(rightmost), alef.crop(rightmost))
    assert difference.getextrema()[1] < 40


def test_lines_are_even_and_words_whole():
    text = "Court clears Kovařík of fraud after nine-year trial that split the Assize"
    setting = fit(text, STYLE, width=1072, height=380, sizes=SIZES)
    assert " ".join(setting.lines).replace("nine- year", "nine-year") == text
    widths = [shaped(line, STYLE, False)[1] for line in setting.lines]
    assert min(widths) > 0.6 * max(widths)
    assert setting.width <= 1072
    assert setting.height <= 380


@pytest.mark.parametrize("headline", HEADLINES.values(), ids=HEADLINES)
@pytest.mark.parametrize("width", [300, 1072])
def test_nothing_is_lost_and_everything_fits(headline, width):
    setting = fit(headline, STYLE, width=width, height=600, sizes=SIZES)
    assert "".join("".join(setting.lines).split()) == "".join(headline.split())
    assert setting.width <= width
    assert setting.height <= 600


def test_a_long_headline_is_set_smaller_not_cut():
    long = " ".join(["Parliament"] * 18)[:200]
    setting = fit(long, STYLE, width=1072, height=380, sizes=SIZES)
    assert ELLIPSIS not in "".join(setting.lines)
    assert setting.size < 70


def test_only_what_does_not_fit_at_the_smallest_size_is_cut():
    setting = fit("word " * 300, STYLE, width=600, height=200, sizes=SIZES)
    assert setting.lines[-1].endswith(ELLIPSIS)
    assert setting.size == SIZES[-1]
    assert setting.height <= 200
    assert setting.width <= 600


def test_a_word_that_is_wider_than_the_card_is_broken_and_no_other():
    monster = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    setting = fit(f"The {monster} closes", STYLE, width=1072, height=380, sizes=SIZES)
    assert "".join(setting.lines).replace(" ", "") == f"The{monster}closes"
    assert setting.width <= 1072
    whole = "Unverhältnismäßigkeitsprüfung der Regierung"
    assert " ".join(fit(whole, STYLE, width=1072, height=380, sizes=SIZES).lines) == whole


def test_chinese_breaks_between_characters_but_never_before_a_comma_nor_after_an_opening_bracket():
    assert pieces("市场，反应") == ["市", "场，", "反", "应"]
    assert pieces("「待った」の") == ["「待っ", "た」", "の"]
    for width in range(200, 700, 37):
        for line in fit("东京、大阪（京都），「北京」。", STYLE, width=width, height=600, sizes=SIZES).lines:
            assert line[0] not in "、，。」）"
            assert line[-1] not in "「（"


def test_korean_breaks_at_spaces():
    assert pieces("서울시, 내년부터 요금") == ["서울시, ", "내년부터 ", "요금"]


def test_kana_and_language_decide_which_country_draws_an_ideograph():
    assert shaped("直の", STYLE, False)[0][0].face.name == "NotoSansCJKjp"
    assert shaped("直", STYLE, False)[0][0].face.name == "NotoSansCJKsc"
    assert shaped("直", Style(language="ja"), False)[0][0].face.name == "NotoSansCJKjp"


def test_the_fonts_stay_small_and_carry_their_licence():
    assert sum(path.stat().st_size for path in FONTS.iterdir()) < 8_000_000
    assert "SIL OPEN FONT LICENSE" in (FONTS / "OFL.txt").read_text()
    assert all(face(path.stem.removesuffix("-Bold")).characters for path in FONTS.glob("*.[ot]tf"))
