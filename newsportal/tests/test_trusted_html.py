"""The desk in a browser that lets text become HTML by a policy alone: every screen works, and nothing that runs gets in."""

import pytest
from django.contrib.auth.models import Group, Permission
from playwright.sync_api import expect

from articles.body.sanitise import BLOCKS, INLINE
from articles.models import Tag
from newsportal.tests.browsing import log_in
from newsportal.tests.desk_walk import addresses

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(watch, administrator):
    page = watch.page()
    log_in(page, "administrator")
    return page


def test_no_screen_of_the_desk_breaks_its_policy(page, watch, things):
    things["article"].record(None)
    opened = 0
    for address in addresses(things):
        answer = page.goto(address)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        # What is no page, or for nobody, a browser shows in a page of its own.
        if answer.status == 200 and "text/html" in answer.headers["content-type"]:
            opened += 1
            assert not watch.problems, address
            assert "require-trusted-types-for" in answer.headers["content-security-policy"], address
        watch.problems.clear()
    assert opened > 80


def test_fields_that_django_makes_of_text_work(page, things):
    Tag.objects.create(name="Harbour", slug="harbour")
    page.goto("/admin/articles/article/add/")

    # Select2: found, chosen, and taken off again.
    field = page.locator(".field-section")
    field.locator(".select2-selection").click()
    page.locator(".select2-search__field").last.fill(things["section"].name[:3])
    page.locator(".select2-results__option", has_text=things["section"].name).first.click()
    expect(field.locator(".select2-selection__rendered")).to_contain_text(things["section"].name)

    # Django's inlines: another row, with a field of its own that works.
    rows = page.locator(".inline-related tr.form-row:not(.empty-form)")
    before = rows.count()
    page.locator("tr.add-row a").first.click()
    expect(rows).to_have_count(before + 1)
    rows.last.locator(".select2-selection").first.click()
    page.locator(".select2-results__option", has_text=things["contributor"].name).first.click()
    expect(rows.last.locator(".select2-selection__rendered").first).to_contain_text(things["contributor"].name)
    rows.last.locator(".inline-deletelink").click()
    expect(rows).to_have_count(before)

    # The calendar and the clock.
    page.locator("#id_publish_at_0 + .datetimeshortcuts .date-icon").click()
    page.locator(".calendarbox:visible td a").nth(9).click()
    expect(page.locator("#id_publish_at_0")).not_to_have_value("")


def test_a_group_is_given_permissions_from_two_lists(page):
    group = Group.objects.create(name="Interns")
    page.goto(f"/admin/auth/group/{group.pk}/change/")
    wanted = Permission.objects.get(codename="view_article")
    page.locator("#id_permissions_input").fill("view article")
    page.locator("#id_permissions_from").select_option(str(wanted.pk))
    page.locator("#id_permissions_add, #id_permissions_add_link").first.click()
    page.click("[name=_continue]")
    expect(page.locator(".messagelist .success")).to_be_visible()
    assert list(group.permissions.all()) == [wanted]


PUT = """(text) => {
    const place = document.createElement("div");
    try { place.innerHTML = text; } catch (error) { return error.name; }
    return place.innerHTML;
}"""

#: What would run, fetch, send or lead astray, however it is hidden from who reads it differently.
REFUSED = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<b onclick=alert(1)>x</b>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<form action='https://evil.example/'><button>x</button></form>",
    "<button formaction='https://evil.example/'>x</button>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<svg><a href='javascript:alert(1)'>x</a></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=x onerror=alert(1)&gt;'>",
    "<svg></p><style><a title='</style><img src=x onerror=alert(1)>'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    "<base href='https://evil.example/'>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<link rel=stylesheet href='https://evil.example/'>",
    "<style>body { display: none }</style>",
    "<object data=x></object>",
    "<p style='position: fixed'>x</p>",
    "<my-element>x</my-element>",
]


def test_what_could_run_anything_is_refused(page, watch):
    for text in REFUSED:
        assert page.evaluate(PUT, text) == "TypeError", text
    for sink in (
        "document.createElement('script').src = '/static/js/read.js'",
        "document.createElement('script').text = 'alert(1)'",
        "setTimeout('alert(1)')",
        "document.body.setAttribute('onclick', 'alert(1)')",
        "trustedTypes.createPolicy('mine', { createHTML: (text) => text })",
        "trustedTypes.createPolicy('default', { createHTML: (text) => text })",
    ):
        assert page.evaluate(f"() => {{ try {{ {sink}; return ''; }} catch (error) {{ return error.name; }} }}"), sink
    watch.problems.clear()


def test_what_a_reader_of_tags_passes_over_is_not_put_anywhere_else(page):
    """In a table this would be a row that runs something; it is given back as it was read, without the row."""
    in_table = """(text) => {
        const table = document.createElement("tbody");
        table.innerHTML = text;
        return table.innerHTML;
    }"""
    assert page.evaluate(in_table, "<tr onclick='alert(1)'><td>x</td></tr>") == "x"
    assert page.evaluate(PUT, "x<!-- <img src=x onerror=alert(1)> -->") == "x"


def test_stories_and_the_editors_icons_pass_as_they_are(page):
    whole = "".join(f"<{tag}>x</{tag}>" for tag in sorted(BLOCKS | INLINE - {"br"} | {"figure"})
                    if tag not in {"li", "thead", "tbody", "tr", "th", "td", "hr", "table"})  # fmt: skip
    whole += (
        '<ol start="3"><li>x</li></ol><hr><table><thead><tr><th colspan="2">x</th></tr></thead><tbody><tr><td rowspan="2">x'
        '</td></tr></tbody></table><aside class="pullquote"><p>x<br></p></aside><figure data-image="7"><figcaption>x'
        '</figcaption></figure><figure data-embed="https://vimeo.com/76979871"></figure>'
        '<p><a href="mailto:desk@post.example">x</a></p>'
        '<svg viewBox="0 0 24 24" fill="none"><line x1="9" y1="3" x2="9" y2="21"></line></svg>'
    )
    assert page.evaluate(PUT, whole) == whole


def test_what_is_pasted_loses_what_could_run_and_keeps_its_words(page, watch):
    page.goto("/admin/articles/article/add/")
    text = page.locator(".ProseMirror[contenteditable=true]")
    text.click()
    text.evaluate(
        """(element, html) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        "<div data-pm-slice='0 0 []'><p onclick='alert(1)'>Kept <a href='javascript:alert(1)'>words</a>"
        "<script>alert(1)</script><img src=x onerror=alert(1)></p></div>",
    )
    expect(text).to_contain_text("Kept words")
    assert text.locator("img[src=x], script, [onclick], [href^=javascript]").count() == 0
    assert not watch.problems
