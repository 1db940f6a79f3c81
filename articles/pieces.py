"""Pieces of pages that are made once and used again for as long as what they show is the same.

A piece is a function of what it is given, and of nothing else: the same values make the same HTML. So it is kept in the process
under those values, which have been read for this very page. Nobody has to throw it away when something changes: what has
changed asks for another piece. Of all that are kept the ones not asked for longest go first.
"""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import fields, is_dataclass
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.db import connection
from django.db.models import Model, QuerySet
from django.template.loader import get_template
from django.utils import timezone
from django.utils.safestring import SafeString

from articles.prepared import is_as_read, row_of

#: Characters of HTML that one process keeps. Their keys, which hold what has been read for them, take about as much again.
ROOM = 3_000_000

_kept: OrderedDict[Hashable, SafeString] = OrderedDict()
_size = 0
_lock = threading.Lock()


class Given:
    """Values that several pieces of a page are given: what they hold is looked at once."""

    def __init__(self, **values: Any):
        self.values, self.content = values, content(values)


def piece(template_name: str, *given: Given, **values: Any) -> SafeString:
    """What the template makes of the values alone: it sees no other context.

    Raises TypeError for a value of which it cannot be told whether it is the same as another.
    """

    def make() -> SafeString:
        context = {name: value for each in given for name, value in each.values.items()} | values
        _check(context.values())
        return SafeString(get_template(template_name).render(context))

    return kept((template_name, *[each.content for each in given], content(values)), make)


def kept(key: Hashable, make: Callable[[], SafeString]) -> SafeString:
    """What `make` made when it was last asked for this key; `key` holds all that `make` shows.

    What had to ask the database is used, and not kept: it shows what its key does not say.
    """
    global _size
    if settings.DEBUG:  # whoever writes a template wants to see it
        return make()
    whole = (key, timezone.get_current_timezone())
    with _lock:
        if (html := _kept.get(whole)) is not None:
            _kept.move_to_end(whole)
            return html
    asked = False

    def note(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal asked
        asked = True
        return execute(*args)

    with connection.execute_wrapper(note):
        html = make()
    if asked:
        return html
    with _lock:
        if whole not in _kept:
            _kept[whole] = html
            _size += len(html)
            while _size > ROOM:
                _size -= len(_kept.popitem(last=False)[1])
    return html


def _check(values: Iterable[Any]) -> None:
    """Raises ValueError where an instance of a prepared query says something else than it said when it was read."""
    for value in values:
        if isinstance(value, Model):
            if not is_as_read(value):
                raise ValueError(f"{value!r} has been changed since a prepared query read it: read it in another way.")
        elif isinstance(value, list | tuple):
            _check(value)
        elif is_dataclass(value):
            _check(getattr(value, field.name) for field in fields(value))


def forget(**kwargs: Any) -> None:
    global _size
    with _lock:
        _kept.clear()
        _size = 0


# Settings do not change while a site runs, but from test to test.
setting_changed.connect(forget, dispatch_uid="articles.pieces")


def content(value: Any, above: tuple[Any, ...] = ()) -> Any:
    """A hashable that is equal for what looks the same on a page, and for nothing else.

    A model's instance is what has been read of it: its loaded fields, and the objects that came along with them. `above` are
    those within which it stands, which it may name without beginning again.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if make := _TYPED.get(kind):
        return make(value)
    if isinstance(value, Model):
        return _of_instance(value, above)
    if isinstance(value, QuerySet | list | tuple):
        return tuple([content(each, above) for each in value])
    if isinstance(value, dict):
        return tuple([(name, content(each, above)) for name, each in value.items()])
    if is_dataclass(value) and not isinstance(value, type):
        return (kind, *[content(getattr(value, field.name), above) for field in fields(value)])
    if isinstance(value, str | int):  # a choice
        return (kind, value)
    raise TypeError(f"It cannot be told what a page shows of {value!r}.")


_PLAIN = frozenset({type(None), str, int, datetime.date})
#: Values that equal others which do not look the same.
_TYPED: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: (bool, value),
    float: lambda value: (float, value),
    SafeString: lambda value: (SafeString, str(value)),
    datetime.datetime: lambda value: (value.tzinfo, value),
}
#: Within one field they are always of the same type.
_IN_A_FIELD = _PLAIN | {bool, float, datetime.datetime}


#: Names in the dictionary of an instance → how the values of its fields are taken from there.
_fields: dict[tuple[str, ...], Callable[[dict[str, Any]], tuple[Any, ...]]] = {}


def _of_instance(instance: Model, above: tuple[Any, ...]) -> Any:
    for other in above:
        if instance is other:
            return None
    read, above = instance.__dict__, (*above, instance)
    if row := row_of(instance):
        return row if (known := read.get("_prefetched_objects_cache")) is None else (*row, content(known, above))
    names = tuple(read)
    take = _fields.get(names)
    if take is None:
        # `_state` twice and first, and left out again: of a single name there would be no tuple.
        take = _fields[names] = itemgetter("_state", "_state", *(name for name in names if name[0] != "_"))
    values = take(read)[2:]
    if not _IN_A_FIELD.issuperset(map(type, values)):
        values = tuple([value if type(value) in _IN_A_FIELD else content(value, above) for value in values])
    if not (came_along := read["_state"].fields_cache) and "_prefetched_objects_cache" not in read:
        return type(instance), names, values
    related = [(name, content(other, above)) for name, other in came_along.items()]
    related += [(name, content(others, above)) for name, others in read.get("_prefetched_objects_cache", {}).items()]
    return type(instance), names, values, *related
