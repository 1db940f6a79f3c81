"""What a list of 5,000 terms costs on a comment of 5,000 characters: `python benchmarks/terms.py`.

Prints milliseconds of this machine, and the ratio to a list of 50, which is what should stay near one.
"""

import os
import random
import sys
import timeit
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsportal.settings")
os.environ.setdefault("SECRET_KEY", "for a benchmark alone, and long enough for every check there is")
os.environ.setdefault("SITE_URL", "http://127.0.0.1:8000")
os.environ.setdefault("ALLOWED_HOSTS", "127.0.0.1")

import django

django.setup()

from comments.folding import disguised, fold  # noqa: E402
from comments.models import Term  # noqa: E402
from comments.terms import Matcher  # noqa: E402

chance = random.Random(1)
letters = "abcdefghijklmnopqrstuvwxyz"


def word() -> str:
    return "".join(chance.choices(letters, k=chance.randint(3, 9)))


text = " ".join(word() for _ in range(900))[:5_000]
timings = {}
for count in (50, 5_000):
    matcher = Matcher(tuple(Term(phrase=f"{word()} {word()}") for _ in range(count)))
    built = timeit.timeit(lambda m=matcher: m.found_in("warm up"), number=1)
    timings[count] = min(timeit.repeat(lambda m=matcher: m.found_in(text), number=5, repeat=7)) / 5 * 1000
    print(f"{count:5} terms: built in {built * 1000:6.1f} ms, searched in {timings[count]:5.2f} ms")
folding = min(timeit.repeat(lambda: (fold(text), disguised(text)), number=5, repeat=7)) / 5 * 1000
print(f"of which folding: {folding:.2f} ms")
print(f"5,000 terms cost {timings[5_000] / timings[50]:.2f} times what 50 cost")
