"""How much of a story's words others show before they cut: said once, for preflight and for the desk's preview.

Search engines and networks publish no limits, and change them; these are what they were measured to show.
"""

#: Google's results on a computer cut a title at this many CSS pixels of its 20 px Arial, and a phone's at as many characters.
TITLE_PIXELS, TITLE_FONT = 580, "20px Arial, sans-serif"
TITLE_LENGTH = 70
TITLE_CUT_BY = "search results"
#: Two lines of a search result.
DESCRIPTION_LENGTH = 160
DESCRIPTION_CUT_BY = "search results"
#: The headline under a card: two lines of a phone.
CARD_LENGTH = 110
CARD_CUT_BY = "cards on phones"


def cut(text: str, most: int) -> str:
    """What is left of a text where `most` characters are shown: cut at a word, with an ellipsis."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0].rstrip(" ,;:–—-") + "…"


def length_told(text: str, most: int, cut_by: str) -> str:
    """How long it is, and what happens to it: “82 characters: phones cut it after about 70”."""
    count = len(text)
    told = f"{count} character{'' if count == 1 else 's'}"
    return f"{told}: {cut_by} cut it after about {most}" if count > most else told
