"""A browser that is watched: what breaks the page's own policy, fails, or leaves the site, is noted."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

# Beside other work a page takes longer than the five seconds for which Playwright waits by itself.
expect.set_options(timeout=15_000)


class Watch:
    """Notes every violation of the policy and every request to another origin in the contexts that it makes."""

    def __init__(self, browser: Browser, origin: str):
        self.browser, self.origin = browser, origin
        self.problems: list[str] = []
        self.contexts: list[BrowserContext] = []

    def page(self, **options) -> Page:
        context = self.browser.new_context(base_url=self.origin, viewport={"width": 1280, "height": 900}, **options)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("request", self._see)
        return page

    def _hear(self, message) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            where = message.location.get("url", "") if message.text.startswith("Failed to load") else ""
            self.problems.append(f"console: {message.text} {where}".strip())

    def _see(self, request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.problems.append(f"foreign: {request.url}")


def log_in(page: Page, name: str) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("#id_username", name)
    page.fill("#id_password", "open sesame")
    page.click("[type=submit]")
    expect(page.locator("#user-tools")).to_be_visible()


def choose(page: Page, field: str, text: str, *, new: bool = False) -> None:
    """Type into an autocomplete of the admin, and take what it offers."""
    page.locator(f"#id_{field} + .select2 .select2-selection").click()
    page.locator(".select2-search__field").last.fill(text)
    wanted = f"New tag: {text}" if new else text
    page.locator(".select2-results__option", has_text=wanted).first.click()


def choose_lead_picture(page: Page, title: str) -> None:
    page.get_by_role("group", name="Lead picture").get_by_role("button", name="Choose a picture…").click()
    page.locator(".picker-picture", has_text=title).click()


def opened_with(client, url: str) -> dict[str, str]:
    """What a form of the desk says of what it began from: to be sent back with it."""
    value = re.search(r'name="_opened_with" value="([^"]+)"', client.get(url).content.decode())
    return {"_opened_with": value[1]} if value else {}
