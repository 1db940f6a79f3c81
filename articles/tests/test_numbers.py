"""What strangers write where a number belongs."""

import pytest

from articles.http.numbers import number_in


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7), ("007", 7), ("9" * 18, 10**18 - 1),
        ("", 0), ("9" * 19, 0), ("-7", 0), ("+7", 0), ("7.0", 0), (" 7", 0), ("7_0", 0), ("٧", 0), ("²", 0), ("x", 0),
    ],
)  # fmt: skip
def test_a_number_is_ascii_digits_alone_that_a_key_can_hold(text, number):
    assert number_in(text) == number
