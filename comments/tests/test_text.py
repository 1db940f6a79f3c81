"""Readers' text becomes HTML once, and nothing in it becomes anything else."""

import re
import unicodedata

import pytest

from comments import text
from comments.forms import CommentForm
from comments.tests.payloads import PAYLOADS


@pytest.mark.parametrize("payload", PAYLOADS)
def test_nothing_a_reader_types_becomes_markup_of_theirs(payload):
    html = text.to_html(text.clean(payload))
    for name, attributes in re.findall(r"<(\w+)((?:[^>\"]|\"[^\"]*\")*)>", html):
        assert name in {"p", "br", "a", "blockquote"}
        for attribute, value in re.findall(r'(\w+)="([^"]*)"', attributes):
            assert attribute in {"href", "rel"}
            assert attribute != "href" or re.match(r"https?://|mailto:", value)
    assert "<script" not in html


def test_paragraphs_line_breaks_and_quotes():
    html = text.to_html("One\ntwo\n\n> Said before\n> by someone\n\nThree")
    assert html == ("<p>One<br>two</p>\n<blockquote><p>Said before<br>by someone</p></blockquote>\n<p>Three</p>")


def test_addresses_become_links_that_pass_nothing_on():
    html = text.to_html("See https://example.org/a?b=1&c=2.")
    assert (
        html
        == '<p>See <a href="https://example.org/a?b=1&amp;c=2" rel="nofollow ugc noopener">https://example.org/a?b=1&amp;c=2</a>.</p>'
    )


@pytest.mark.parametrize("between", ["\u202e", "\x00", "\u2066"])
def test_text_is_composed_after_what_stood_between_is_taken_out(between):
    assert text.clean(f"Vladimi{between}\u0301r") == "Vladimír"


def test_text_comes_out_composed_and_with_one_kind_of_line_end():
    assert text.clean("Vladimi\u0301r\r\nsaid\r\r\r\rso  ") == "Vladimír\nsaid\n\nso"


@pytest.mark.parametrize("mark", ["\u0301", "\u0e47", "\u0e34", "\u0489", "\u20dd", "\u0301\u200d", "\u20dd\u2060"])
@pytest.mark.parametrize("word", ["a{}", "g{0}o{0}d {0}"], ids=["one letter", "every letter"])
def test_marks_are_not_heaped_on_a_letter_whatever_their_kind(mark, word):
    form = CommentForm({"name": "Ottilie", "email": "ottilie@example.org", "body": word.format(mark * 9)})
    assert "A letter here has more than 8 accents." in str(form.errors["body"])
    assert text.clean(word.format(mark * 4_000)).count(mark[0]) <= 3 * 8


@pytest.mark.parametrize(
    "words",
    [
        "בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים אֵ֥ת הַשָּׁמַ֖יִם וְאֵ֥ת הָאָֽרֶץ׃ יְרוּשָׁלִַ֙ם֙",
        "ที่นี่ก็น้ำท่วมแล้วครับ",
        "ཧྐྵྨླྺྼྻྃ བཀྲ་ཤིས་བདེ་ལེགས།",
        "Nguyễn Thị Ngọc Ánh đã đến Việt Nam",
        "بِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ ٱلرَّحِيمِ",
        "क्षत्रिय श्रीमान् र्‍य",
        "မြန်မာနိုင်ငံ ကျွန်ုပ်တို့၏",
        "👩‍❤️‍💋‍👩 1️⃣ 🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    ],
    ids=["Hebrew", "Thai", "Tibetan", "Vietnamese", "Arabic", "Devanagari", "Burmese", "emoji"],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_scripts_with_many_marks_come_through_whole(words, form):
    typed = unicodedata.normalize(form, words)
    assert not text.is_heaped(typed)
    assert text.clean(typed) == unicodedata.normalize("NFC", words)


@pytest.mark.parametrize("blank", ["\u3164", "\u115f", "\u1160", "\uffa0", "\u2800", "\u200b", "\U0001d159"])
def test_a_name_or_text_that_nobody_sees_is_none(blank):
    form = CommentForm({"name": blank, "email": "ottilie@example.org", "body": f"{blank} {blank}"})
    assert form.errors["name"] == ["Please give a name."]
    assert form.errors["body"] == ["Please write something first."]
    assert not text.is_empty(f"{blank}x")
