"""Share cards: what is on them, when they are made and renewed, and what a page shows meanwhile."""

import datetime
import io
import re

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from PIL import Image as Pillow
from PIL import ImageStat

from articles.models import Article
from articles.pictures.share_card import BILL, COLOURS, MAX_BYTES, NIGHT, SCRIM, Card, render
from articles.share_cards import card_of, current_card_url, make_share_card, renew, wanted_name
from articles.tests import sample_pictures
from articles.tests.factories import make_article, make_image, make_section
from articles.workflow import Status
from newsportal import background
from newsportal.environment import BASE_DIR


def opened(content: bytes) -> Pillow.Image:
    return Pillow.open(io.BytesIO(content)).convert("RGB")


def noise() -> Pillow.Image:
    return Pillow.effect_noise((2000, 1200), 120).convert("RGB")


def waiting() -> list[int]:
    """The stories whose cards are ordered."""
    jobs = DBTaskResult.objects.ready().filter(task_path__endswith="make_share_card")
    return [job.args_kwargs["args"][0] for job in jobs]


def work() -> None:
    for pk in set(waiting()):
        make_share_card.func(pk)
    DBTaskResult.objects.all().delete()


@pytest.fixture
def article(db):
    article = make_article(
        headline="The ferry sails again", section=make_section(name="World", colour="petrol"),
        lead_image=make_image(picture=sample_pictures.drawing(1600, 900), alt="A ferry"),
    )  # fmt: skip
    work()
    article.refresh_from_db()
    return article


def stored(article: Article) -> bytes:
    with default_storage.open(article.share_card) as file:
        return file.read()


# --- What is on a card ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_card_is_a_jpeg_that_whatsapp_takes_even_of_a_picture_of_noise():
    image = make_image(picture=noise())
    content = render(Card(headline="Noise " * 30, masthead="The Post", kicker="World", picture="x"), image)
    with Pillow.open(io.BytesIO(content)) as card:
        assert (card.format, card.size, card.mode) == ("JPEG", (1200, 630), "RGB")
        assert not card.getexif()
    assert len(content) <= MAX_BYTES


def contrast(one: str | tuple, other: str | tuple) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio"""

    def luminance(colour) -> float:
        if isinstance(colour, str):
            colour = tuple(bytes.fromhex(colour.removeprefix("#")))
        channels = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_white_letters_can_be_read_on_every_ground():
    assert all(contrast("#ffffff", colour) > 5 for colour in COLOURS.values())
    night = bytes.fromhex(NIGHT[1:])
    scrim_on_white = tuple(round(255 * (1 - SCRIM) + SCRIM * channel) for channel in night)
    assert contrast("#ffffff", scrim_on_white) > 7
    assert contrast(NIGHT, BILL) > 7


@pytest.mark.django_db
def test_a_white_picture_is_darkened_wherever_letters_stand():
    image = make_image(picture=Pillow.new("RGB", (1600, 900), "white"))
    card = opened(render(Card(headline="White " * 12, masthead="The Post", picture="x"), image))
    # The margins beside the lines: nothing but ground.
    for top in range(300, 620, 20):
        assert contrast("#ffffff", card.getpixel((20, top))) > 6
    assert min(card.getpixel((600, 3))) > 240


def test_the_colours_are_those_of_the_site():
    tokens = (BASE_DIR / "static/css/tokens.css").read_text()
    of_sections = dict(re.findall(r'\[data-colour="(\w+)"\] \{ --section: light-dark\((#\w+)', tokens))
    assert {"ink": COLOURS["ink"]} | of_sections == COLOURS


def test_headline_section_masthead_and_colour_each_change_the_card():
    base = {"headline": "Rain", "masthead": "The Post", "kicker": "World", "colour": "petrol"}
    changed = [base | change for change in (
        {"headline": "Sun"}, {"masthead": "The Gull"}, {"kicker": "Sport"}, {"colour": "brick"}
    )]  # fmt: skip
    cards = [Card(**fields) for fields in (base, *changed)]
    assert len({card.name for card in cards}) == len({render(card) for card in cards}) == 5


@pytest.mark.django_db
def test_the_picture_is_cut_around_its_focal_point():
    picture = sample_pictures.drawing(1000, 2000)
    top = opened(render(Card(headline="A", masthead="P"), make_image(picture=picture, focal_y=0.0)))
    middle = opened(render(Card(headline="A", masthead="P"), make_image(picture=picture, focal_y=0.5)))
    green = (10, 10, 200, 60)
    assert ImageStat.Stat(top.crop(green)).mean[1] > 80 > ImageStat.Stat(middle.crop(green)).mean[1]


@pytest.mark.django_db
def test_a_file_that_was_never_taken_in_is_not_decoded(article):
    name = str(article.lead_image.file)
    default_storage.delete(name)
    with default_storage.open(name, "wb") as file:
        file.write(sample_pictures.png_claiming(9000, 9000))
    with pytest.raises(ValueError, match="larger than any picture"):
        render(card_of(article), article.lead_image)


# --- When it is made --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_publishing_orders_a_card_and_a_draft_has_none():
    draft = make_article(status=Status.DRAFT)
    assert waiting() == []
    draft.publish(None)
    assert waiting() == [draft.pk]


def test_the_page_shows_the_picture_until_the_card_is_made_and_then_the_card(client, article):
    Article.objects.update(share_card="")
    page = client.get(article.get_absolute_url()).content.decode()
    assert re.search(r'og:image" content="[^"]*/renditions/[^"]+-16x9-', page)
    renew(Article.objects.get(pk=article.pk))
    page = client.get(article.get_absolute_url()).content.decode()
    assert f'og:image" content="http://testserver/media/{article.share_card}"' in page


@pytest.mark.django_db
def test_a_story_without_picture_and_card_shows_the_card_of_the_site(client):
    article = make_article()
    page = client.get(article.get_absolute_url()).content.decode()
    assert 'og:image" content="http://testserver/site-card-' in page


def test_saving_what_no_card_shows_orders_none(article):
    article.standfirst, article.body = "Other words.", "<p>Other text.</p>"
    article.save()
    assert waiting() == []


@pytest.mark.parametrize(
    "change",
    [
        {"headline": "The ferry stays"},
        {"kind": "opinion"},
        {"lead_image": None},
        {"section": "another"},
    ],
)
def test_what_a_card_shows_renews_it_and_the_old_file_goes(article, change, django_capture_on_commit_callbacks):
    if "section" in change:
        change = {"section": make_section(colour="brick")}
    old, before = article.share_card, stored(article)
    for field, value in change.items():
        setattr(article, field, value)
    article.save()
    assert current_card_url(article) == ""  # never what the story no longer says
    assert waiting() == [article.pk]
    with django_capture_on_commit_callbacks(execute=True):
        work()
    article.refresh_from_db()
    assert article.share_card not in {"", old}
    assert stored(article) != before
    assert not default_storage.exists(old)


def test_a_new_colour_of_the_section_and_a_moved_focal_point_renew_it(article):
    section = article.section
    section.colour = "plum"
    section.save()
    assert waiting() == [article.pk]
    work()
    article.refresh_from_db()
    assert article.share_card == wanted_name(article)
    article.lead_image.refocus(0.1, 0.9)
    assert waiting() == [article.pk]


def test_a_withdrawn_story_has_no_card(article, django_capture_on_commit_callbacks):
    old = article.share_card
    article.withdraw(None)
    with django_capture_on_commit_callbacks(execute=True):
        work()
    assert Article.objects.get(pk=article.pk).share_card == ""
    assert not default_storage.exists(old)


def test_an_order_that_is_done_twice_or_too_late_does_no_harm(article):
    name = article.share_card
    make_share_card.func(article.pk)
    make_share_card.func(10_000_000)
    assert Article.objects.get(pk=article.pk).share_card == name


def test_who_comes_with_an_older_story_takes_no_card_away(article):
    name, older = article.share_card, Article.objects.get(pk=article.pk)
    # Read in the moment in which it was none that readers see.
    older.status = Status.DRAFT
    assert not renew(older)
    assert Article.objects.get(pk=article.pk).share_card == name
    assert default_storage.exists(name)


def test_who_saves_an_older_copy_does_not_forget_the_card(article):
    copy = Article.objects.get(pk=article.pk)
    Article.objects.filter(pk=article.pk).update(share_card="")
    renew(Article.objects.get(pk=article.pk))
    copy.share_card = ""
    copy.save()
    assert Article.objects.get(pk=article.pk).share_card == article.share_card


@pytest.mark.django_db
def test_a_headline_of_emoji_alone_has_no_card():
    article = make_article(headline="🎉🎉🎉")
    assert wanted_name(article) == ""
    assert waiting() == []


@pytest.mark.django_db
def test_the_command_makes_what_is_missing_and_goes_on_after_a_lost_picture(capsys):
    stories = [make_article() for _ in range(3)]
    lost = make_article(lead_image=make_image())
    default_storage.delete(str(lost.lead_image.file))
    make_article(status=Status.DRAFT)
    with pytest.raises(CommandError, match="1 failed: the log says why"):
        call_command("make_share_cards")
    assert "3 share cards made or taken away." in capsys.readouterr().out
    assert all(default_storage.exists(Article.objects.get(pk=story.pk).share_card) for story in stories)
    with pytest.raises(CommandError, match="1 failed"):
        call_command("make_share_cards")
    assert "0 share cards" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_database_that_is_away_ends_the_command_and_is_no_story_s_trouble(monkeypatch):
    make_article()

    def away(article):
        raise OperationalError

    monkeypatch.setattr("articles.management.commands.make_share_cards.renew", away)
    with pytest.raises(OperationalError):
        call_command("make_share_cards")


# --- At the desk ------------------------------------------------------------------------------------------------------


def test_the_desk_draws_the_card_of_what_is_typed(client, article, editor):
    client.force_login(editor)
    url = f"/admin/articles/article/{article.pk}/card/"
    saved, typed = client.get(url), client.get(url, {"headline": "Not saved", "lead_image": "", "kind": "odd"})
    assert saved.content == stored(article)
    assert typed.content != saved.content
    assert opened(typed.content).size == (1200, 630)
    assert Article.objects.get(pk=article.pk).headline == "The ferry sails again"
    for odd in ({"headline": ""}, {"headline": "🎉"}, {"section": "x"}, {"lead_image": "9" * 40}):
        assert client.get(url, odd).status_code == 200
    assert client.get("/admin/articles/article/add/card/", {"headline": "New"}).status_code == 200


def test_while_the_storage_is_away_the_desk_draws_no_card(client, article, editor, settings, tmp_path):
    client.force_login(editor)
    (tmp_path / "file").write_text("where a folder should be")
    settings.MEDIA_ROOT = str(tmp_path / "file" / "media")
    assert client.get(f"/admin/articles/article/{article.pk}/card/", {"headline": "Not saved"}).status_code == 404


def test_a_card_is_for_who_may_change_the_story(client, article, reporter, outsider):
    url = f"/admin/articles/article/{article.pk}/card/"
    assert client.get(url).status_code == 302
    client.force_login(outsider)
    assert client.get(url).status_code == 302
    client.force_login(reporter)
    assert client.get(url).status_code == 403
    assert client.get("/admin/articles/article/10000000/card/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_card_of_a_scheduled_story_follows_its_section_before_its_time(time_machine):
    section, soon = make_section(name="Old"), timezone.now() + datetime.timedelta(hours=2)
    story = make_article(section=section, publish_at=soon)
    background.drain()
    section.name = "New"
    section.save()
    background.drain()
    time_machine.move_to(soon + datetime.timedelta(minutes=1))
    assert current_card_url(Article.objects.get(pk=story.pk))
