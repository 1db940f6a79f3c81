"""What a reader sees first, of the demo newspaper: it is the headline or a picture that fits, nothing holds it up, and it stays."""

import pytest
from PIL import Image

from newsportal.demo import newsroom, texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Width, height, and pixels of the screen to one of the page: the phone that Lighthouse takes, and a desk.
SCREENS = {"phone": (412, 823, 1.75), "desk": (1280, 900, 1)}

NOTED = """
window.largest = [];
window.moved = [];
new PerformanceObserver((list) => window.largest.push(...list.getEntries())).observe(
    { type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => window.moved.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
"""

# The page's policy lets no text become a script, so what is waited for is asked in here: until what is noted as the largest is no
# smaller than the pictures that are in sight. (One that is drawn larger than it is counts as less than it covers.)
LARGEST = """async () => {
    const frame = () => new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 20)));
    const inSight = (picture) => {
        const { left, right, top, bottom } = picture.getBoundingClientRect();
        return Math.max(0, Math.min(right, innerWidth) - left) * Math.max(0, Math.min(bottom, innerHeight) - top);
    };
    const pictures = [...document.images].filter(inSight);
    await Promise.all(pictures.map((picture) => picture.decode()));
    const largest = () => window.largest.at(-1) || { size: 0 };
    const missing = () => pictures.some((picture) => picture !== largest().element && inSight(picture) > largest().size * 1.3);
    for (let frames = 0; frames < 5 || (missing() && frames < 500); frames += 1) await frame();
    const { element } = largest();
    const found = { name: element.localName, css: element.className, text: element.textContent };
    if (element.localName !== "img") return found;
    const file = new Image();
    file.src = element.currentSrc;
    await file.decode();
    const { width, height } = element.getBoundingClientRect();
    // A picture is shown whole in its box (object-fit: contain).
    const covered = devicePixelRatio * Math.min(width, height * file.naturalWidth / file.naturalHeight);
    return { ...found, loading: element.loading, priority: element.fetchPriority, fits: file.naturalWidth / covered };
}"""

MOVED = "() => window.moved.filter((shift) => !shift.hadRecentInput).map((shift) => shift.value)"

# What the head names and the first line waits for. (As published the sheet is one; here it brings its parts with it.)
WAITED_FOR = """() => [
    ...document.querySelectorAll(`head link[rel~="stylesheet"]:not([media="print"]),
        head style, head script:not([async], [defer], [type="module"], [type="application/ld+json"])`),
].map((element) => (element.href || element.src || element.outerHTML).replace(/^.*[/]static[/]/, ""))"""


@pytest.fixture
def paths(editor, moderator, monkeypatch) -> list[str]:
    """The front page, and the stories of the longest and the shortest headline, made by the demo's own code."""
    stories = sorted(texts.stories(), key=lambda story: len(story[1]["Headline"]))
    few = [stories[0], stories[-1]]
    authors = {line.rpartition(",")[0] for _, story in few for line in story.get_all("Byline")}
    blocks = texts.blocks
    here = {
        "contributors.txt": [block for block in blocks("contributors.txt") if block["Name"] in authors],
        "comments.txt": [block for block in blocks("comments.txt") if block["Story"] in dict(few)],
    }
    monkeypatch.setattr(texts, "stories", lambda: iter(few))
    monkeypatch.setattr(texts, "blocks", lambda name: here[name] if name in here else blocks(name))
    # Only what leads a story is seen first: other pictures need not be large.
    leads, draw = {story["Lead"] for _, story in few}, newsroom.draw
    monkeypatch.setattr(
        newsroom, "draw", lambda spec: draw(spec) if spec in leads else Image.new("RGB", (64, 48), "teal")
    )
    built = newsroom.Newsroom(editor=editor, moderator=moderator)
    built.build()
    return ["/", *(story.get_absolute_url() for story in built.articles.values())]


def test_what_is_seen_first_comes_first_and_stays(watch, paths):
    for screen, (width, height, pixels) in SCREENS.items():
        page = watch.page(device_scale_factor=pixels, is_mobile=screen == "phone")
        page.set_viewport_size({"width": width, "height": height})
        page.add_init_script(NOTED)
        for path in paths:
            where = f"{screen} {path}"
            page.goto(path)
            largest = page.evaluate(LARGEST)
            if largest["name"] == "img":
                assert (largest["loading"], largest["priority"]) == ("auto", "high"), where
                # A desk takes 960 pixels of a story's picture for 1072: nobody sees the tenth, and the next size is far heavier.
                assert 0.89 <= largest["fits"] <= 1.5, where
            else:
                assert {"headline", "card-headline"} & set(largest["css"].split()), f"{where}: {largest}"
            assert page.evaluate(MOVED) == [], where
            assert page.evaluate(WAITED_FOR) == ["js/theme.js", "css/site.css"], where
