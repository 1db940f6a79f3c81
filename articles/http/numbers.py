"""Numbers as strangers write them into addresses and forms."""

from django.urls import register_converter

DIGITS = 18  # as many as any key's column holds


def number_in(text: str) -> int:
    """The whole number that a text of ASCII digits alone says; 0, which no row has, for anything else and for longer ones."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0


class NumberConverter:
    """`<number:…>` in a route: of a row, in one spelling. Each other one would be another page, and be kept as one."""

    regex = f"0|[1-9][0-9]{{0,{DIGITS - 1}}}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int | str) -> str:
        return str(value)


register_converter(NumberConverter, "number")
