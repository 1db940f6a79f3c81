import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.template.loader import render_to_string

from articles.sharing import BLUESKY_LENGTH, ShareLinks, share_links
from articles.tests.factories import make_article

URL = "https://news.example.org/2026/03/01/vladimir/"
TITLE = 'Vladimír’s "100 %" plan: bread & roses + #peace?'

NETWORKS = ["whatsapp", "facebook", "x", "telegram", "linkedin", "bluesky", "mastodon", "reddit"]


def addresses(links: ShareLinks) -> dict[str, str]:
    return {link.network: link.url for link in (*links.networks, links.email)}


def query(address: str) -> dict[str, str]:
    """The parameters as the other side reads them. A parameter given twice would show as a list of two."""
    parsed = parse_qs(urlsplit(address).query, strict_parsing=True)
    return {name: value if len(value) > 1 else value[0] for name, value in parsed.items()}


def test_networks_are_offered_in_a_fixed_order():
    assert [link.network for link in share_links(url=URL, title=TITLE).networks] == NETWORKS


@pytest.mark.parametrize(
    ("network", "endpoint", "expected"),
    [
        ("whatsapp", "https://wa.me/", {"text": f"{TITLE} {URL}"}),
        ("facebook", "https://www.facebook.com/sharer/sharer.php", {"u": URL}),
        ("x", "https://x.com/intent/tweet", {"text": TITLE, "url": URL}),
        ("telegram", "https://t.me/share/url", {"url": URL, "text": TITLE}),
        ("linkedin", "https://www.linkedin.com/sharing/share-offsite/", {"url": URL}),
        ("bluesky", "https://bsky.app/intent/compose", {"text": f"{TITLE} {URL}"}),
        ("mastodon", "https://mastodon.social/share", {"text": f"{TITLE} {URL}"}),
        ("reddit", "https://www.reddit.com/submit", {"url": URL, "title": TITLE}),
        ("email", "mailto:", {"subject": TITLE, "body": URL}),
    ],
)
def test_each_network_reads_the_headline_and_the_address_unharmed(network, endpoint, expected):
    address = addresses(share_links(url=URL, title=TITLE))[network]
    assert address.partition("?")[0] == endpoint
    assert query(address) == expected


def test_addresses_are_ascii_without_spaces_or_pluses():
    for address in addresses(share_links(url=URL, title=TITLE, text="Naïve\nor not?")).values():
        assert re.fullmatch(r"[!-~]+", address)
        assert "+" not in address


def test_an_address_with_a_query_and_letters_of_other_scripts_survives():
    url = "https://news.example.org/2026/03/01/%E3%83%8B%E3%83%A5%E3%83%BC%E3%82%B9/?a=1&b=%26"
    links = addresses(share_links(url=url, title="ニュース"))
    assert query(links["facebook"])["u"] == url
    assert query(links["telegram"]) == {"url": url, "text": "ニュース"}


def test_where_an_address_is_read_its_letters_are_and_a_headline_in_another_script_fits():
    slug = "владимир-и-его-план-для-порта-города-и-моста-через-реку-дон"
    there = "https://news.example.org/2026/03/01/"
    url = f"{there}{quote(slug)}/"
    links = addresses(share_links(url=url, title="Владимир и его план"))
    assert len(url) > BLUESKY_LENGTH
    for network in ("whatsapp", "bluesky", "mastodon"):
        assert query(links[network])["text"] == f"Владимир и его план {there}{slug}/"
    assert query(links["x"])["url"] == query(links["linkedin"])["url"] == query(links["facebook"])["u"] == url
    assert query(links["email"])["body"] == url


def test_what_is_no_letter_in_an_address_stays_as_it_is():
    url = "https://news.example.org/2026/03/01/a%2Fb%20c%25%FF/?a=1&b=%26#d"
    assert query(addresses(share_links(url=url, title="One"))["whatsapp"])["text"] == f"One {url}"


def test_line_breaks_in_a_headline_become_spaces():
    links = share_links(url=URL, title="One\r\ntwo\n three ")
    assert links.title == "One two three"
    assert query(links.email.url)["subject"] == "One two three"


def test_an_email_says_the_text_and_then_the_address_with_the_line_breaks_of_mail():
    links = share_links(url=URL, title=TITLE, text="First line.\nSecond & last.")
    assert query(links.email.url)["body"] == f"First line.\r\nSecond & last.\r\n\r\n{URL}"


def test_a_headline_too_long_for_bluesky_is_cut_and_the_address_is_not():
    text = query(addresses(share_links(url=URL, title="ř" * 400))["bluesky"])["text"]
    assert len(text) == BLUESKY_LENGTH
    assert text.endswith(f"ř… {URL}")


def test_a_headline_that_just_fits_bluesky_is_whole():
    title = "a" * (BLUESKY_LENGTH - len(URL) - 1)
    assert query(addresses(share_links(url=URL, title=title))["bluesky"])["text"] == f"{title} {URL}"


@pytest.mark.parametrize("url", ["", "/2026/03/01/a/", "//news.example.org/a/", "javascript:alert(1)"])
def test_only_absolute_addresses_are_shared(url):
    with pytest.raises(ValueError, match="absolute"):
        share_links(url=url, title=TITLE)


# --- The block on the page --------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Elements in order, as (name, attributes); those of them that a reader without JavaScript can meet are `shown`."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.shown: list[tuple[str, dict[str, str | None]]] = []
        self._hidden_at: list[bool] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        element = (tag, dict(attrs))
        hidden = any(self._hidden_at) or "hidden" in element[1] or tag == "dialog"
        self.elements.append(element)
        if not hidden:
            self.shown.append(element)
        if tag != "input":
            self._hidden_at.append(hidden)

    def handle_endtag(self, tag):
        self._hidden_at.pop()

    def having(self, attribute: str) -> list[tuple[str, dict[str, str | None]]]:
        return [(tag, attrs) for tag, attrs in self.elements if attribute in attrs]

    def links(self) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag == "a"]


@pytest.fixture
def block() -> Page:
    links = share_links(url=URL, title=TITLE)
    return Page(render_to_string("components/share.html", {"share": links}))


@pytest.fixture
def story() -> Page:
    """A story page as far as sharing goes: the block above and the block below."""
    links = share_links(url=URL, title=TITLE)
    block = render_to_string("components/share.html", {"share": links})
    return Page(render_to_string("components/share_icons.html") + block + block)


def test_every_network_is_a_plain_link(block):
    hrefs = {attrs["data-share-to"]: attrs["href"] for attrs in block.links()}
    assert hrefs == addresses(share_links(url=URL, title=TITLE))


def test_links_to_networks_tell_them_nothing_of_the_page_that_opened_them(block):
    for attrs in block.links():
        assert attrs["rel"] == "noopener nofollow"


def test_networks_open_beside_the_story_and_mail_does_not_leave_an_empty_tab(block):
    targets = {attrs["data-share-to"]: attrs.get("target") for attrs in block.links()}
    assert targets.pop("email") is None
    assert set(targets.values()) == {"_blank"}


def test_every_icon_button_has_a_name_of_its_own(block):
    names = [attrs.get("aria-label") for _, attrs in block.elements if attrs.get("class") == "share-target"]
    assert all(names)
    assert len(set(names)) == len(names) == len(NETWORKS) + 3


def test_without_javascript_there_are_links_and_nothing_that_does_not_work(block):
    controls = [(tag, attrs) for tag, attrs in block.shown if tag in {"a", "button", "input", "form"}]
    assert [attrs["data-share-to"] for tag, attrs in controls if tag == "a"] == [*NETWORKS, "email"]
    assert {tag for tag, _ in controls} == {"a"}


def test_what_scripts_reveal_is_there(block):
    for hook in ("data-share-copy", "data-share-sheet", "data-share-address", "data-share-said", "data-share-mastodon"):
        assert len(block.having(hook)) == 1


def test_the_block_gives_scripts_the_address_and_title(block):
    [(_, attrs)] = block.having("data-share")
    assert (attrs["data-share-url"], attrs["data-share-title"]) == (URL, TITLE)


def test_two_blocks_on_a_page_share_no_id(story):
    ids = [attrs["id"] for _, attrs in story.having("id")]
    assert len(ids) == len(set(ids))


@pytest.mark.django_db
def test_every_icon_is_drawn_once_on_the_page_of_a_story(client):
    page = Page(client.get(make_article().get_absolute_url()).content.decode())
    drawn = [f"#{attrs['id']}" for tag, attrs in page.elements if tag == "symbol"]
    used = [attrs["href"] for tag, attrs in page.elements if tag == "use" and attrs["href"].startswith("#share")]
    assert set(used) == {icon for icon in drawn if icon.startswith("#share")}
    assert len(drawn) == len(set(drawn))
    assert len(used) == 2 * (len(NETWORKS) + 3)


def test_the_block_keeps_the_content_security_policy(story):
    for tag, attrs in story.elements:
        assert tag not in {"script", "style", "iframe", "img"}
        assert not [name for name in attrs if name == "style" or name.startswith("on")]


def test_a_headline_cannot_break_out_of_the_block():
    links = share_links(url=URL, title='"><script>alert(1)</script>')
    page = Page(render_to_string("components/share.html", {"share": links}))
    assert "script" not in {tag for tag, _ in page.elements}
