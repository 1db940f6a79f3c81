"""What the form of a story carries beside the story: said by name in one place, and told from step to step of one request."""

import re

import pytest

from articles.admin import carried
from newsportal.environment import BASE_DIR

NAMES = {value for name, value in vars(carried).items() if name.isupper()} - {carried.OF_ONE_SENDING}


@pytest.mark.parametrize("script", ["autosave", "buttons"])
def test_scripts_know_the_form_by_the_names_that_it_has(script):
    text = (BASE_DIR / "static" / "js" / "desk" / f"{script}.js").read_text(encoding="utf-8")
    told = set(re.findall(r"\b_[a-z]\w*", text))
    assert told
    assert told <= NAMES


def test_no_template_of_the_form_says_a_name_of_its_own():
    folder = BASE_DIR / "templates" / "admin" / "articles" / "article"
    own = re.compile(rf"""name="({"|".join(sorted(NAMES))})""")
    pages = ["change_form", "moves", "ask", "conflict", "many"]
    assert not [name for name in pages if own.search((folder / f"{name}.html").read_text(encoding="utf-8"))]
