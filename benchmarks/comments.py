"""A million comments: what threads, the queue and posting cost beside a thousand. `python benchmarks/comments.py [comments]`.

Makes a database of its own in a temporary folder, or uses BENCHMARK_DATABASE_URL (an empty one). Prints the time of each
question with few comments and with many; the ratio is what should stay near one, whatever the machine.
"""

import datetime
import os
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
}

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from tqdm import tqdm  # noqa: E402

from articles.models import Article, Section  # noqa: E402
from comments.conversation import Sort, page_of, replies_to  # noqa: E402
from comments.feeds import latest  # noqa: E402
from comments.identity import Reader  # noqa: E402
from comments.models import Comment, Commenter, Status  # noqa: E402
from comments.post import post  # noqa: E402
from comments.queue import View, comments_in, counts, page_of_queue  # noqa: E402

WANTED = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
PENDING = 0.39


def fill(articles: list[Article], guests: list[Commenter], start: int, count: int) -> None:
    """Comments of which 39 in 100 wait; every hundredth begins a thread, the first thread holds 10,000 at most."""
    now = timezone.now()
    for batch in tqdm(range(start, start + count, 5_000), unit=" batches", disable=None):
        made = []
        for n in range(batch, min(batch + 5_000, start + count)):
            status = Status.PENDING if n % 100 < PENDING * 100 else Status.PUBLISHED
            moment = now - datetime.timedelta(seconds=WANTED - n)
            made.append(
                Comment(
                    article=articles[n % len(articles)],
                    commenter=guests[n % len(guests)],
                    name="Guest",
                    body=f"Text {n}",
                    body_html=f"<p>Text {n}</p>",
                    body_hash=f"{n}",
                    status=status,
                    listed=status == Status.PUBLISHED,
                    created_at=moment,
                    published_at=moment if status == Status.PUBLISHED else None,
                    network=f"{n % 50_000:032}",
                    browser=f"{n % 100_000:032}",
                    reported=n % 1_000 == 0,
                )
            )
        Comment.objects.bulk_create(made)


def long_thread(article: Article, guest: Commenter, count: int) -> Comment:
    now = timezone.now()
    common = {
        "article": article,
        "commenter": guest,
        "name": "G",
        "status": Status.PUBLISHED,
        "listed": True,
        "published_at": now,
    }
    root = Comment.objects.create(**common, body="A thread", visible_replies=count, places=count)
    Comment.objects.bulk_create(
        (
            Comment(
                **common,
                body=f"Reply {n}",
                body_html="<p>x</p>",
                body_hash=f"t{root.pk}-{n}",
                root=root,
                parent=root,
                ancestors=[root.pk],
                depth=1,
                place=n + 1,
            )
            for n in range(count)
        ),
        batch_size=5_000,
    )
    Article.objects.filter(pk=article.pk).update(comment_count=count + 1)
    return root


def best(question, number: int = 7) -> float:
    """Milliseconds: the least of some runs, which is what the machine's noise disturbs least."""
    times = []
    for _ in range(number):
        began = time.perf_counter()
        question()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def measure(article: Article, thread: Comment) -> dict[str, float]:
    middle = page_of_queue(comments_in(View.PENDING)).next
    posted = iter(range(10**9))
    return {
        "thread, newest": best(lambda: page_of(article)),
        "thread, most liked": best(lambda: page_of(article, Sort.LIKED)),
        "replies": best(lambda: replies_to(thread, 20)),
        "queue, pending": best(lambda: page_of_queue(comments_in(View.PENDING), after=middle)),
        "queue, reported": best(lambda: page_of_queue(comments_in(View.REPORTED))),
        "queue, counts": best(counts),
        "feed": best(lambda: list(latest())),
        "posting": best(
            lambda: post(
                article,
                Reader(os.urandom(8).hex()),
                name="N",
                email=f"n{next(posted)}@example.org",
                body=f"Posted {os.urandom(8).hex()}",
            )
        ),
    }


call_command("migrate", verbosity=0)
section = Section.objects.create(name="World", slug="world")
stories = Article.objects.bulk_create(
    Article(
        headline=f"Story {n}",
        slug=f"s{n}",
        section=section,
        status="published",
        publish_at=timezone.now(),
        published_on=timezone.localdate(),
    )
    for n in range(200)
)
guests = Commenter.objects.bulk_create(Commenter(email=f"g{n}@example.org", email_hash=f"{n}") for n in range(5_000))
fill(stories, guests, 0, 1_000)
few = measure(stories[0], long_thread(stories[1], guests[0], 50))
fill(stories, guests, 1_000, WANTED - 1_000)
with connection.cursor() as cursor:
    cursor.execute("ANALYZE")
many = measure(stories[0], long_thread(stories[2], guests[0], 10_000))
print(f"{connection.vendor}, {Comment.objects.count():,} comments, {comments_in(View.PENDING).count():,} pending")
for name, milliseconds in few.items():
    print(
        f"{name:20} {milliseconds:7.2f} ms with 1,000   {many[name]:7.2f} ms with many   ratio {many[name] / milliseconds:.2f}"
    )
