"""The house keeps its shape: imports go one way, templates keep to the policy, every file has its place."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from newsportal.environment import BASE_DIR

APPS = ["articles", "comments", "adverts", "newsportal"]
MAY_IMPORT = {
    "articles": set(),
    "adverts": set(),
    "comments": {"articles"},
    "newsportal": {"articles", "comments", "adverts"},
}
#: Beneath all apps, for whom they know no journalism: what these packages import of `articles` are their own parts.
BENEATH = ["caching", "http"]
TOP_LEVEL = {"newsportal", "articles", "comments", "adverts", "templates", "static", "docs", "deploy", "benchmarks"}


def tracked(*patterns: str) -> list[Path]:
    """The project's own files: what git knows, or would take."""
    command = ["git", "-C", str(BASE_DIR), "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [path for name in listed if (path := BASE_DIR / name).exists()]


def imported_apps(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names & set(APPS)


@pytest.mark.parametrize("app", APPS)
def test_imports_go_one_way(app):
    uphill = {
        str(path.relative_to(BASE_DIR)): found
        for path in tracked(f"{app}/*.py")
        if (found := imported_apps(path) - MAY_IMPORT[app] - {app})
        # The newsroom's roles are groups of the site: tests of every app act them out.
        and "tests" not in path.parts
    }
    assert not uphill


def test_what_tests_share_stands_in_a_module_of_its_own():
    """Whoever looks for it does not know in which test it was first needed; and its fixtures would come along."""
    borrowing = {
        str(path.relative_to(BASE_DIR))
        for path in tracked("*/tests/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and re.search(r"\.tests\.test_", node.module or "")
    }
    assert not borrowing


@pytest.mark.parametrize("package", BENEATH)
def test_what_is_of_no_app_in_particular_knows_none(package):
    own = re.compile(rf"articles\.{package}(\.|$)")
    for path in tracked(f"articles/{package}/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                named = [node.module or ""]
            assert not [name for name in named if name.split(".")[0] in APPS and not own.match(name)], path


@pytest.mark.parametrize("app", APPS)
def test_every_module_stands_in_the_map(app):
    text = (BASE_DIR / "docs" / "house.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z0-9_]+)`", text.partition(f"\n## {app}/")[2].partition("\n## ")[0]))
    there = {path.relative_to(BASE_DIR / app).parts[0].removesuffix(".py") for path in tracked(f"{app}/*.py")}
    assert there - told <= {"__init__", "apps", "migrations", "tests", "management", "templatetags"}
    assert told <= there


def test_no_file_is_a_catch_all():
    assert not [path for path in tracked("*.py") if path.stem in {"utils", "helpers", "misc", "common"}]


def test_folders_stand_where_the_map_has_them():
    folders = {path.relative_to(BASE_DIR).parts[0] for path in tracked() if len(path.relative_to(BASE_DIR).parts) > 1}
    assert folders - {".ci"} <= TOP_LEVEL


@pytest.mark.parametrize(
    "wrong", [r'\sstyle="', r"\son\w+=", r"<script(?![^>]*\bsrc=)[^>]*>", r"<style", r'href="javascript:']
)
def test_templates_hold_nothing_that_the_policy_forbids(wrong):
    found = [path.name for path in tracked("templates/*.html") if re.search(wrong, path.read_text(encoding="utf-8"))]
    assert not found


def test_no_template_or_script_names_another_origin():
    """Links may lead anywhere; nothing that a page loads may come from elsewhere."""
    loads = re.compile(
        r"""<(?:script|img|iframe|source|link(?![^>]*rel="(?:canonical|license)"))[^>]*\s(?:src|srcset|href)="https?://"""
    )
    found = [path.name for path in tracked("templates/*.html") if loads.search(path.read_text(encoding="utf-8"))]
    assert not found


def test_no_page_asks_for_what_nobody_has_opened_yet():
    ahead = re.compile(r"""rel=["'][^"']*(prefetch|prerender|preconnect|preload)|speculationrules""")
    paths = [*tracked("templates/*.html"), *tracked("static/*.js")]
    assert paths
    assert not [path.name for path in paths if ahead.search(path.read_text(encoding="utf-8"))]


def test_the_requirements_are_locked_with_hashes():
    for path in tracked("requirements*.txt"):
        lines = [line for line in path.read_text().splitlines() if line and not line.startswith((" ", "#"))]
        assert lines
        assert all(re.match(r"^[\w.\-]+(\[[\w, -]+\])?==\S+ \\$", line) or "; " in line for line in lines), path.name
