"""Two editors in one text: who has changed other paragraphs is not asked, and nothing of either is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.body import sanitise
from articles.body.blocks import blocks
from articles.editing.merge import merged_text
from articles.models import Version
from articles.tests.factories import make_article
from articles.tests.story_form import form_of, url


def text(*paragraphs: str) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)


BEFORE = text("one", "two", "three", "four", "five")
KINDS = [
    "<p>A <strong>ferry</strong><br>is late &lt;p&gt;.</p>",
    "<h2>At sea</h2>",
    "<hr>",
    "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>",
    "<blockquote><p>one</p><p>two</p></blockquote>",
    '<aside class="pullquote"><p>Late.</p></aside>',
    '<figure data-image="12"><figcaption>A pier.</figcaption></figure>',
    '<figure data-embed="https://www.youtube.com/watch?v=aqz-KE-bpKQ"></figure>',
    "<table><tbody><tr><td>1</td></tr></tbody></table>",
]


# --- Blocks ---


@given(st.lists(st.sampled_from(KINDS)), st.sampled_from(["", "\n"]))
def test_a_text_is_cut_between_its_outermost_elements(kinds, between):
    html = sanitise(between.join(kinds))
    found = blocks(html)
    assert "".join(found) == html
    assert [block.strip() for block in found] == kinds


@pytest.mark.parametrize("html", ["", "bare words", "words <em>and</em> more<p>x</p>", "<p>x</p> behind"])
def test_what_stands_outside_of_elements_is_lost_by_nobody(html):
    assert "".join(blocks(html)) == html


# --- Put together ---


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        ("ONE two three four five", "one two three four FIVE", "ONE two three four FIVE"),
        ("one TWO three four five", "one two THREE four five", "one TWO THREE four five"),
        ("new one two three four five", "one two three five", "new one two three five"),
        ("one two three four five six", "zero two three four five", "zero two three four five six"),
        # The same slip mended by both, and something else by one of them.
        ("ONE two three four five", "ONE two three FOUR five", "ONE two three FOUR five"),
        ("one three four five", "one three four FIVE", "one three four FIVE"),
    ],
)
def test_changes_of_other_paragraphs_are_put_together(mine, theirs, both):
    ours, others = text(*mine.split()), text(*theirs.split())
    assert merged_text(BEFORE, ours, others) == merged_text(BEFORE, others, ours) == text(*both.split())


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [
        pytest.param("mine two three four five", "theirs two three four five", id="changed by both"),
        pytest.param("one three four five", "one TWO three four five", id="gone and changed"),
        pytest.param("one mine two three four five", "one theirs two three four five", id="new in one place"),
        pytest.param("one two mine three four five", "one TWO three four five", id="new behind what has changed"),
        pytest.param("one two mine three four five", "one two THREE four five", id="new before what has changed"),
        pytest.param("two three one four five", "two three four five one", id="moved by both"),
        pytest.param("two three four five one", "ONE two three four five", id="moved and changed"),
        pytest.param("mine", "theirs", id="all of it"),
    ],
)
def test_where_both_were_in_one_place_a_person_is_asked(mine, theirs):
    ours, others = text(*mine.split()), text(*theirs.split())
    assert merged_text(BEFORE, ours, others) is merged_text(BEFORE, others, ours) is None


@given(st.data())
def test_whatever_two_have_changed_in_different_places_is_there_afterwards(data):
    """Each place of a text is changed by one of two at most; what comes of it is what one person would have made."""
    count = data.draw(st.integers(2, 12), "paragraphs")
    owners = data.draw(st.lists(st.sampled_from(["mine", "theirs", "nobody"]), min_size=count, max_size=count), "who")
    words = [
        data.draw(st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=3), f"by {owner}")
        for owner in owners
    ]

    def made_by(*who: str) -> str:
        paragraphs = []
        for number, owner in enumerate(owners):
            paragraphs += [f"{number} {word}" for word in words[number]] if owner in who else [f"{number}"]
        return text(*paragraphs)

    assert merged_text(made_by(), made_by("mine"), made_by("theirs")) in {made_by("mine", "theirs"), None}
    apart = all(owners[n] == owners[n + 1] or "nobody" in owners[n : n + 2] for n in range(count - 1))
    if apart or all(len(word) == 1 for word in words):
        assert merged_text(made_by(), made_by("mine"), made_by("theirs")) == made_by("mine", "theirs")


# --- At the desk ---


@pytest.fixture
def story(db):
    article = make_article(status="draft", body=BEFORE)
    article.record(None)
    return article


def test_two_in_different_paragraphs_are_told_and_not_asked(desk, colleague, story):
    stale = form_of(story, body=text("one", "two", "three", "four", "Mine."))
    colleague.post(url(story), form_of(story, body=text("Theirs.", "two", "three", "four", "five")))
    page = desk.post(url(story), stale, follow=True).content.decode()
    story.refresh_from_db()
    assert story.body == text("Theirs.", "two", "three", "four", "Mine.")
    assert "The text has the paragraphs that they have changed, and those that you have" in page
    assert Version.objects.of(story).order_by("number").last().kind == "merged"


def test_two_in_one_paragraph_are_asked_and_the_answer_decides_on_all_of_the_text(desk, colleague, story):
    stale = form_of(story, body=text("one", "Mine.", "three", "four", "Mine, too."), standfirst="Mine.")
    colleague.post(url(story), form_of(story, body=text("one", "Theirs.", "three", "four", "five")))
    assert desk.post(url(story), stale).status_code == 409
    desk.post(url(story), stale | {"choose-body": "theirs"})
    story.refresh_from_db()
    assert (story.body, story.standfirst) == (text("one", "Theirs.", "three", "four", "five"), "Mine.")


def test_a_question_about_something_else_says_what_becomes_of_the_text(desk, colleague, story):
    stale = form_of(story, headline="Mine", body=text("one", "two", "three", "four", "Mine."))
    colleague.post(url(story), form_of(story, headline="Theirs", body=text("Theirs.", "two", "three", "four", "five")))
    question = desk.post(url(story), stale)
    assert question.status_code == 409
    assert "The text has the paragraphs that they have changed" in question.content.decode()
    desk.post(url(story), stale | {"choose-headline": "mine"})
    story.refresh_from_db()
    assert (story.headline, story.body) == ("Mine", text("Theirs.", "two", "three", "four", "Mine."))
