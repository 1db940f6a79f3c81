"""What the form of a story carries beside the story: said by name in one place, and told from step to step of one request."""

import ast
import re
from collections import defaultdict

import pytest

from articles.admin import carried
from newsportal.environment import BASE_DIR

NAMES = {value for name, value in vars(carried).items() if name.isupper() and isinstance(value, str)}


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


def test_what_one_module_puts_on_a_request_no_other_looks_for():
    """Between the steps goes what `Carried` has, and nothing that a reader of either module would have to guess."""
    belong_to_django = {"POST", "method", "_dont_enforce_csrf_checks"}
    put, named = set(), defaultdict(set)
    for path in sorted((BASE_DIR / "articles" / "admin").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Attribute(value=ast.Name(id="request"), attr=name, ctx=how):
                    named[name].add(path.stem)
                    put |= {name} if isinstance(how, ast.Store) else set()
                case ast.Call(func=ast.Name(id=how), args=[ast.Name(id="request"), ast.Constant(value=name), *_]):
                    named[name].add(path.stem)
                    put |= {name} if how == "setattr" else set()
    assert "carried" in put
    assert not {name: where for name in put - belong_to_django if len(where := named[name]) > 1}
