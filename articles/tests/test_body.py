"""Body HTML: whatever comes in leaves in its stored form, and nothing in it can do anything on a reader's page."""

import re
import time
import unicodedata
from dataclasses import replace

import pytest
from django.core.exceptions import ValidationError
from hypothesis import example, given
from hypothesis import strategies as st

from articles import body
from articles.body import embeds
from articles.body.heavy import LIMITS, may_take_long
from articles.body.sanitise import stored_form

ALLOWED = {
    "p", "h2", "h3", "strong", "em", "s", "sub", "sup", "a", "ul", "ol", "li", "blockquote", "hr", "br", "table", "thead",
    "tbody", "tr", "th", "td", "aside", "figure", "figcaption", "div", "b", "span",
}  # fmt: skip
ATTRIBUTES = {
    "href", "rel", "class", "start", "colspan", "rowspan", "role", "aria-label", "tabindex", "data-embed-frame",
    "data-embed-provider", "data-embed-shape",
}  # fmt: skip


def check_harmless(html: str) -> None:
    for tag, attributes in re.findall(r"<(\w+)((?:[^>\"]|\"[^\"]*\")*)>", html):
        assert tag in ALLOWED, tag
        for name, value in re.findall(r'([\w-]+)="([^"]*)"', attributes):
            assert name in ATTRIBUTES, name
            assert name != "href" or not re.match(r"\s*(javascript|data|vbscript)", value, re.IGNORECASE)


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<p onclick=alert(1)>x</p>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<p style="position:fixed">x</p><style>p{}</style>',
        "<iframe src=https://evil.example></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
        "<p><b><p></b><i><table><td><p>",
        '<figure data-embed="javascript:alert(1)"></figure>',
        '<figure data-embed="https://youtube.com.evil.example/watch?v=aqz-KE-bpKQ"></figure>',
        '<figure data-image="1 onload=x"><figcaption><script>x</script></figcaption></figure>',
        '<aside class="pullquote evil" onclick="x"><p>q</p></aside>',
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_nothing_that_can_do_something_passes(payload):
    stored = body.sanitise(payload)
    check_harmless(re.sub(r' data-(image|embed)="[^"]*"', "", stored))
    check_harmless(body.render(stored, {}))
    assert body.sanitise(stored) == stored


@given(st.text(alphabet=st.sampled_from("<>\"'=/ &;:abpsiconerjvt\n") | st.characters(codec="utf-8"), max_size=200))
def test_random_markup_is_harmless_too(text):
    check_harmless(body.render(body.sanitise(text), {}))


@given(st.text(max_size=80))
@example("\U0002f800")  # NFC makes another letter of it
def test_words_come_through_as_they_were_typed(text):
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    wanted = unicodedata.normalize("NFC", text.replace("\x00", ""))
    assert body.plain_text(body.sanitise(f"<p>{escaped}</p>")).split() == wanted.split()


def test_what_an_editor_writes_is_kept():
    html = (
        '<h2>Head</h2><p>A <strong>b</strong> <em>c</em> <a href="/sections/world/">d</a></p>'
        "<ul><li><p>one</p></li></ul><blockquote><p>q</p></blockquote>"
        '<aside class="pullquote"><p>Pull</p></aside>'
        '<figure data-image="7"><figcaption>Mine</figcaption></figure>'
        '<figure data-embed="https://vimeo.com/76979871"></figure>'
        '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'
    )
    assert body.sanitise(html) == html
    assert body.image_ids(html) == [7]


def test_a_cell_of_one_paragraph_is_stored_in_one_form():
    """The editor makes a paragraph of what stands in a cell."""
    plain = '<table><tbody><tr><th>Ship</th><td colspan="2">the <em>Ada</em><br>of Douala</td></tr></tbody></table>'
    edited = re.sub(r"(<t[hd][^>]*>)(.*?)(</t[hd]>)", r"\1<p>\2</p>\3", plain)
    assert body.sanitise(plain) == body.sanitise(edited) == plain
    two = "<table><tbody><tr><td><p>one</p><p>two</p></td><td><ul><li><p>three</p></li></ul></td></tr></tbody></table>"
    assert body.sanitise(two) == two


def test_other_programs_words_for_the_same_are_translated():
    assert body.sanitise("<h1>A</h1><p><b>b</b><i>i</i></p>") == "<h2>A</h2><p><strong>b</strong><em>i</em></p>"


def test_an_embed_of_nobody_known_becomes_a_link():
    html = body.sanitise('<figure data-embed="https://films.example/1"></figure>')
    assert html == '<p><a href="https://films.example/1">https://films.example/1</a></p>'


@pytest.mark.parametrize(
    ("url", "provider"),
    [
        ("https://www.youtube.com/watch?v=aqz-KE-bpKQ&t=3", "YouTube"),
        ("https://youtu.be/aqz-KE-bpKQ", "YouTube"),
        ("https://vimeo.com/76979871", "Vimeo"),
        ("https://x.com/example/status/20", "X"),
        ("https://twitter.com/example/status/20", "X"),
        ("https://www.instagram.com/p/Cabc123_-/", "Instagram"),
        ("https://www.facebook.com/example/posts/12345", "Facebook"),
        ("https://www.tiktok.com/@example/video/1234567890", "TikTok"),
        ("https://youtube.com.evil.example/watch?v=aqz-KE-bpKQ", None),
        ("https://evil.example/youtube.com/watch?v=aqz-KE-bpKQ", None),
        ("https://user@youtube.com/watch?v=aqz-KE-bpKQ", None),
        ("javascript:alert(1)//youtube.com/watch?v=aqz-KE-bpKQ", None),
    ],
)
def test_embeds_are_known_by_their_address_and_framed_from_a_known_origin(url, provider):
    embed = embeds.find(url)
    assert (embed.provider if embed else None) == provider
    if embed:
        assert embed.frame_url.startswith(tuple(f"{origin}/" for origin in embeds.EMBED_FRAME_ORIGINS))
        card = body.render(body.sanitise(f'<figure data-embed="{url}"></figure>'), {})
        assert "<iframe" not in card
        assert f'href="{embed.url}"' in card


def test_reading_time_is_at_least_a_minute():
    assert body.reading_minutes("<p>Short.</p>") == 1
    assert body.reading_minutes(f"<p>{'word ' * 690}</p>") == 3


@pytest.mark.parametrize(
    "heavy",
    [
        "<blockquote>" * 200_000,
        "<p>" + "\u0301" * 20_000 + "\u0316" * 20_000 + "</p>",
        "<blockquote><p>" * 50_000 + "x",
        "<x><b>" * 100_000,
        "<p>a" * 20_000,
        "<" * 100_000,
        "<p>a</p>" * 50 + "<b " * 100_000,
    ],
    ids=["nested", "accents", "nested around something", "unknown", "many", "never closed", "not closed at the end"],
)
def test_what_takes_long_elsewhere_is_quick_here(heavy):
    began = time.process_time()
    once = body.sanitise(heavy)
    assert time.process_time() - began < 5
    assert body.sanitise(once) == once


#: Each takes a parser minutes, or hours.
HEAVY = {
    "opened again": "".join(f"<p><b x={n}></y></p>" for n in range(20_000)),
    "left open": "<p>" + "".join(f"<b x={n}>" for n in range(99)) + "</p>" + "<div>x</div>" * 40_000,
    "to be escaped": "&" * 900_000,
}


@pytest.mark.parametrize("heavy", HEAVY.values(), ids=HEAVY)
def test_what_would_take_hours_is_given_up_and_takes_nothing_of_ours(monkeypatch, heavy):
    monkeypatch.setattr("articles.body.heavy.LIMITS", replace(LIMITS, processor=1))
    began = time.process_time()
    with pytest.raises(ValidationError, match="takes too long to be read"):
        body.sanitise(heavy)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "html",
    [
        "<p><b>a <i>b</b> c</i></p>" * 200,
        "<p>«&»</p>" * 17_000,
        "<ul><li>one<li>two</ul>" * 200,
        "<p>" + "long " * 70_000 + "</p>",
    ],
    ids=["not nested", "to be escaped", "without ends", "long"],
)
def test_what_is_made_apart_is_what_would_be_made_here(html):
    assert may_take_long(html)
    once = body.sanitise(html)
    assert once == stored_form(html)
    assert body.sanitise(once) == once


@pytest.mark.parametrize(
    "html",
    [
        '<p>Some <strong>words <a href="/x/">and</a></strong> a<br>break</p><hr>' * 2_000,
        '<table><tbody><tr><th>a</th><td colspan="2"><p>b</p></td></tr></tbody></table>' * 500,
        '<ul><li><p>one <em>of</em></p></li></ul><figure data-image="3"><figcaption>c</figcaption></figure>' * 500,
    ],
)
def test_a_long_story_is_made_where_it_is(html):
    assert not may_take_long(html)
    assert not may_take_long(body.sanitise(html))


@pytest.mark.parametrize(
    "trick",
    [
        '<p><b x="</b></p>">',  # ends that are none
        "<p><b x='</b></p>'>",
        "<p><b><!--</b></p>-->",
        "<p><b/></p>",
        "<b><p></p></b>",
        "<p><b></i></p>",
        "<b",
        "</b>",
        "<p><B></p>",
        "<p\x0c><b></p>",
    ],
)
def test_no_tag_is_taken_for_ended_that_the_parser_leaves_open(trick):
    assert may_take_long(trick * 601)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("<p>a</p><blockquote><p> </p><p><br></p></blockquote><p>b</p>", "<p>a</p><p>b</p>"),
        ("<ul><li></li><li>x</li></ul>", "<ul><li>x</li></ul>"),
        ("<blockquote><p>said</p><p></p></blockquote>", "<blockquote><p>said</p></blockquote>"),
        ("<p><strong></strong></p>", "<p><strong></strong></p>"),
        ("<h2> &nbsp;</h2><hr><p>x<br>y</p>", "<hr><p>x<br>y</p>"),
    ],
)
def test_blocks_with_nothing_in_them_go_and_all_else_stays(typed, stored):
    assert body.sanitise(typed) == stored
