"""Numbers as strangers write them into addresses and forms."""

DIGITS = 18  # as many as any key's column holds


def number_in(text: str) -> int:
    """The whole number that a text of ASCII digits alone says; 0, which no row has, for anything else and for longer ones."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0
