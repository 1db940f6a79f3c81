"""Readers' text becomes HTML once, and nothing in it becomes anything else."""

import re

import pytest

from comments import text

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    "javascript:alert(1)",
    'http://example.org/"onmouseover="alert(1)',
    "http://example.org/<script>alert(1)</script>",
    "http://example.org/?a=1&b=2'><svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "> <iframe src=//evil.example></iframe>",
    "https://example.org/%22%3E%3Cscript%3E",
    'mail@example.org"onclick="x',
]


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


def test_text_comes_out_composed_and_with_one_kind_of_line_end():
    assert text.clean("Vladimi\u0301r\r\nsaid\r\r\r\rso  ") == "Vladimír\nsaid\n\nso"
