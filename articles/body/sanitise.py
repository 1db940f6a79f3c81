"""The one sanitiser of body text."""

from articles.body.markup import Markup
from articles.body.read import read


def sanitise(html: str) -> str:
    """Any HTML, made fit to keep; "" when there is nothing to read or to see. Sanitising twice changes nothing more.

    Kept are p, h2, h3, strong, em, s, sub, sup, br, a[href], ul, ol[start], li, blockquote, hr, tables with th and td
    [colspan, rowspan], `<aside class="pullquote">`, `<figure data-image="12"><figcaption>…</figcaption></figure>` and
    `<figure data-embed="https://…"></figure>`. The text of anything else stays, as paragraphs, and an embed of an unknown
    provider becomes a link. Text is in Unicode's form NFC.
    """
    return Markup().blocks(read(html))
