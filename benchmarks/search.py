"""A hundred thousand stories: what searching and saving cost beside a thousand. `python benchmarks/search.py [stories]`.

Makes a database of its own in a temporary folder, or uses BENCHMARK_DATABASE_URL (an empty one). The texts are of invented
words as frequent as words are (Zipf's law), 400 a story. Prints the time of each question with few stories and with many, and what
search adds to saving a story.
"""

import datetime
import itertools
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
folder = tempfile.TemporaryDirectory()
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "newsportal.settings",
    "SECRET_KEY": "for a benchmark alone, and long enough for every check there is",
    "SITE_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "127.0.0.1,testserver",
    "DATABASE_URL": os.environ.get("BENCHMARK_DATABASE_URL", f"sqlite:///{folder.name}/benchmark.sqlite3"),
    "NEWSPORTAL_ENV_FILE": os.devnull,
    "BACKGROUND_WORKER": "process",
}

import django  # noqa: E402
from django.conf import settings  # noqa: E402

django.setup()
# Pages name files as they are: hashed names would have to be collected first.
settings.STORAGES = settings.STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
}

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.utils import timezone  # noqa: E402
from tqdm import tqdm  # noqa: E402

from articles import search  # noqa: E402
from articles.models import Article, Section  # noqa: E402

WANTED = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
FEW = 1_000
WORDS = 400

chance = random.Random(5)
SYLLABLES = [a + b for a in "bdfgklmnprstv" for b in "aeiou"]
VOCABULARY = list({"".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) + "x" for _ in range(60_000)})
LIKELINESS = list(itertools.accumulate(1 / rank for rank in range(1, len(VOCABULARY) + 1)))
COMMONEST, SECOND, THIRD = VOCABULARY[:3]
# In every hundredth text, in every third headline, and in one story of all.
MIDDLING, HEADED, RARE, LONELY = "middlingword", "headedword", "rareword", "lonelyword"


def fill(sections: list[Section], start: int, end: int) -> None:
    now = timezone.now()
    for batch in tqdm(range(start, end, 2_000), unit=" batches", disable=None):
        made = []
        for n in range(batch, min(batch + 2_000, end)):
            words = chance.choices(VOCABULARY, cum_weights=LIKELINESS, k=WORDS)
            words += [MIDDLING] * (n % 100 == 0) + [RARE] * (n % (WANTED // 10) == 7)
            moment = now - datetime.timedelta(minutes=WANTED - n)
            made.append(
                Article(
                    headline=" ".join([*words[:8], *([HEADED] if n % 3 == 0 else [])]),
                    standfirst=" ".join(words[8:30]),
                    slug=f"s{n}",
                    body=f"<p>{' '.join(words)}</p>",
                    section=sections[n % len(sections)],
                    status="published",
                    publish_at=moment,
                    published_on=timezone.localdate(moment),
                )
            )
        Article.objects.bulk_create(made)


def best(question, number: int = 5) -> float:
    """Milliseconds: the least of some runs, which is what the machine's noise disturbs least."""
    times = []
    for _ in range(number):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def measure(section: Section) -> dict[str, float]:
    questions = {
        "rare word": RARE,
        "middling word": MIDDLING,
        "commonest word": COMMONEST,
        "common in headlines": HEADED,
        "two common words": f"{COMMONEST} {SECOND}",
        "common and rare": f"{COMMONEST} {RARE}",
        "three, one without": f"{COMMONEST} {SECOND} -{THIRD}",
        "phrase of common": f'"{COMMONEST} {SECOND}"',
        "beginning": f"{RARE[:5]}*",
        "beginning, common": f"{COMMONEST[:2]}*",
        "misspelt": "rarewrod",
        "nothing": "zzzzqqqq",
    }
    times = {name: best(lambda text=text: search.find(search.parse(text))) for name, text in questions.items()}
    common = search.parse(COMMONEST)
    times["commonest, by date"] = best(lambda: search.find(common, sort="date"))
    times["commonest, section"] = best(lambda: search.find(common, search.Scope(section=section)))
    times["rare, section"] = best(lambda: search.find(search.parse(RARE), search.Scope(section=section)))
    first = search.find(common, sort="date")
    times["commonest, page 2"] = best(lambda: search.find(common, sort="date", before=first.before))
    times["desk, common"] = best(lambda: list(search.among(Article.objects.all(), COMMONEST)[:50]))
    client = Client()
    times["whole page, rare"] = best(lambda: client.get("/search/", {"q": RARE}))
    times["whole page, commonest"] = best(lambda: client.get("/search/", {"q": COMMONEST}))
    return times


def saving() -> tuple[float, float]:
    """Milliseconds to save a story with another text, with search and without: the least of each, taken by turns."""
    kept = search.index
    times: dict[bool, list[float]] = {True: [], False: []}
    for article in Article.objects.order_by("-pk")[: 2 * 60 : 2]:
        for searched in (False, True):
            search.index = kept if searched else lambda numbers: None
            words = chance.choices(VOCABULARY, cum_weights=LIKELINESS, k=WORDS)
            article.body = f"<p>{' '.join(words)}</p>"
            began = time.perf_counter()
            article.save()
            times[searched].append((time.perf_counter() - began) * 1000)
    search.index = kept
    return min(times[True]), min(times[False])


call_command("migrate", verbosity=0)
sections = [Section.objects.create(name=f"Section {n}", slug=f"section-{n}") for n in range(8)]
fill(sections, 0, FEW)
call_command("reindex")
few = measure(sections[0])
fill(sections, FEW, WANTED)
began = time.perf_counter()
call_command("reindex")
indexing = time.perf_counter() - began
with connection.cursor() as cursor:
    cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
many = measure(sections[0])
print(f"{connection.vendor}, {Article.objects.count():,} stories; {WANTED - FEW:,} indexed in {indexing:.0f} s")
for name, milliseconds in few.items():
    told = f"{name:22} {milliseconds:7.1f} ms with {FEW:,}   {many[name]:7.1f} ms with many   ratio"
    print(f"{told} {many[name] / milliseconds:.2f}")
searched, plain = saving()
print(f"saving a story         {plain:7.1f} ms without    {searched:7.1f} ms with search   {searched - plain:+.1f} ms")
