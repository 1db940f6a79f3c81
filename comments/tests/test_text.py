"""Readers' text becomes HTML once, and nothing in it becomes anything else."""

import re

import pytest

from comments import text
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
