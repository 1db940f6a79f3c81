"""Forms of the desk, as a browser sends them back."""

from __future__ import annotations

import re

import lxml.html


def opened(desk, url) -> dict[str, str]:
    """What a browser would send back of a form that was just opened: all its fields as they are."""
    form = desk.get(url)
    data = {}
    admin_form = form.context["adminform"].form
    for bound in admin_form:
        value = bound.value()
        data[bound.html_name] = "" if value is None else value
    for formset in form.context["inline_admin_formsets"]:
        for bound in formset.formset.management_form:
            data[bound.html_name] = bound.value()
        for row in formset.formset:
            for bound in row:
                data[bound.html_name] = "" if bound.value() is None else bound.value()
    data["_opened_with"] = re.search(r'name="_opened_with" value="([^"]+)"', form.content.decode())[1]
    return {name: value for name, value in data.items() if value is not False}


def form_of(desk, address: str) -> dict:
    """What a browser sends of the form as it was opened."""
    return {
        name: [getattr(one, "pk", one) for one in value] if isinstance(value, list) else value
        for name, value in opened(desk, address).items()
        if name not in {"password", "last_login", "date_joined"}
    } | {"date_joined_0": "2026-01-01", "date_joined_1": "10:00:00"}


def as_a_browser_has_it(page) -> dict[str, list[str]]:
    """All that the form of a screen carries, also what its fields say hidden of how they were, and the press of “Save”."""
    [form] = [form for form in lxml.html.fromstring(page.content).forms if "_save" in form.inputs]
    data: dict[str, list[str]] = {"_save": ["Save"]}
    for name, value in form.form_values():
        data.setdefault(name, []).append(value)
    return data
