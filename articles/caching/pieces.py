"""Pieces of pages that are made once and used again for as long as what they show is the same.

A piece is a function of what it is given, and of nothing else: the same values make the same HTML. So it is kept in the process
under those values, which have been read for this very page. Nobody has to throw it away when something changes: what has
changed asks for another piece. What nobody has asked for while much else was made goes.
"""

from __future__ import annotations

import datetime
import hashlib
import marshal
import threading
from collections.abc import Callable, Hashable, Iterable
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from functools import cache
from operator import attrgetter, itemgetter
from sys import getsizeof
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.db import connections
from django.db.models import Model, QuerySet
from django.template.loader import get_template
from django.utils import timezone
from django.utils.functional import LazyObject
from django.utils.safestring import SafeString

from articles.caching.prepared import Row, instances, is_as_read, row_of

#: Bytes of memory that one process keeps in pieces.
ROOM = 4_000_000


class _Kept:
    """Pieces by what they show, in two generations: to ask for one is one look, where a list in the order of use takes two."""

    def __init__(self) -> None:
        self.young: dict[Hashable, SafeString] = {}
        self.old: dict[Hashable, SafeString] = {}
        self._size = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> SafeString | None:
        if (html := self.young.get(key)) is None and (html := self.old.get(key)) is not None:
            self.put(key, html)
        return html

    def put(self, key: Hashable, html: SafeString) -> None:
        with self._lock:
            if key in self.young:
                return
            self.young[key] = html
            self._size += getsizeof(html)  # of a text with one letter from Prague each takes two
            if self._size > ROOM // 2:
                self.old, self.young, self._size = self.young, {}, 0


_kept = _Kept()
#: Of each kind of piece the last one: what it shows, in which zone, and what was made of it.
_last: dict[Hashable, tuple[Hashable, datetime.tzinfo, SafeString]] = {}


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
        context = {name: instances(value) for name, value in context.items()}
        _check(context.values())
        return SafeString(get_template(template_name).render(context))

    return kept((str.__str__(template_name), *[each.content for each in given], content(values)), make)


def kept(key: tuple[Hashable, ...], make: Callable[[], SafeString]) -> SafeString:
    """What `make` made when it was last asked for this key, which holds all that `make` shows and begins with the kind of piece.

    What had to ask the database is used, and not kept: it shows what its key does not say.
    """
    if settings.DEBUG:  # whoever writes a template wants to see it
        return make()
    kind, zone = key[0], timezone.get_current_timezone()
    # A front page is asked for again and again: to compare what it shows with what it showed costs less than a digest of it.
    last = _last.get(kind)
    if last and last[0] == key and last[1] is zone:
        return last[2]
    whole = (_short(key), zone)
    if (html := _kept.get(whole)) is not None:
        _last[kind] = key, zone, html
        return html
    asked = False

    def note(execute: Callable[..., Any], *args: Any) -> Any:
        nonlocal asked
        asked = True
        return execute(*args)

    with ExitStack() as stack:
        # A page may be read from a copy of the database, too.
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(note))
        html = make()
    if asked:
        return html
    _kept.put(whole, html)
    _last[kind] = key, zone, html
    return html


def _short(key: Hashable) -> Hashable:
    """A digest of what a piece shows, which may be all that a front page has read.

    Of text and numbers marshal makes bytes sooner than Python hashes and compares them, and the digest takes next to no memory.
    Without its later versions' references the bytes follow from the values alone. PostgreSQL's times it refuses.
    """
    try:
        return hashlib.sha256(marshal.dumps(key, 0)).digest()  # type: ignore[arg-type]
    except ValueError:
        return key


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
    global _kept
    _kept = _Kept()
    _last.clear()


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
    if (look := _ways.get(kind)) is None:
        look = _ways[kind] = _way_of(kind)
    return look(value, above)


#: Of each type that has been seen, how it is looked at.
_ways: dict[type, Callable[[Any, tuple[Any, ...]], Any]] = {}


def _way_of(kind: type) -> Callable[[Any, tuple[Any, ...]], Any]:
    name = _name_of(kind)
    if kind in _TYPED:
        return lambda value, above: (name, _TYPED[kind](value))
    if issubclass(kind, Row):
        return lambda value, above: value.content
    if issubclass(kind, Model):
        return _of_instance
    if issubclass(kind, QuerySet | list | tuple):
        return lambda value, above: tuple([content(each, above) for each in value])
    if issubclass(kind, dict):
        return lambda value, above: tuple([(name, content(each, above)) for name, each in value.items()])
    if issubclass(kind, LazyObject):
        return lambda value, above: content(_wrapped(value), above)
    if is_dataclass(kind):
        values_of = _values_of(kind)
        return lambda value, above: (name, *[content(each, above) for each in values_of(value)])
    if issubclass(kind, str):  # a choice
        return lambda value, above: (name, str.__str__(value))
    if issubclass(kind, int):
        return lambda value, above: (name, int(value))

    def refuse(value: Any, above: tuple[Any, ...]) -> Any:
        raise TypeError(f"It cannot be told what a page shows of {value!r}.")

    return refuse


@cache
def _name_of(kind: type) -> bytes:
    """Bytes, which no page shows: it can be taken for no value."""
    return f"{kind.__module__}.{kind.__qualname__}".encode()


def _wrapped(value: Any) -> Any:
    bool(value)  # whatever it is asked, it is made then
    return value._wrapped


def _values_of(kind: type) -> Callable[[Any], Iterable[Any]]:
    """Of a dataclass: its fields' values, for one after the other of its instances."""
    names = [field.name for field in fields(kind)]
    return (lambda value: (getattr(value, names[0]),)) if len(names) == 1 else attrgetter(*names)


_PLAIN = frozenset({type(None), str, int})
#: Values that equal others which do not look the same, and what tells them apart beside their type.
_TYPED: dict[type, Callable[[Any], Any]] = {
    bool: bool,
    float: float,
    SafeString: str.__str__,
    datetime.date: datetime.date.isoformat,
    datetime.datetime: lambda value: (str(value.tzinfo), value.isoformat()),
}
#: Within one field they are always of the same type.
_IN_A_FIELD = _PLAIN | {bool, float}


#: Names in the dictionary of an instance → how the values of its fields are taken from there.
_fields: dict[tuple[str, ...], Callable[[dict[str, Any]], tuple[Any, ...]]] = {}


def _of_instance(instance: Model, above: tuple[Any, ...]) -> Any:
    for other in above:
        if instance is other:
            return None
    read, above = instance.__dict__, (*above, instance)
    if row := row_of(instance):
        known = read.get("_prefetched_objects_cache")
        return row.content if row.along or known is None else (*row.content, content(known, above))
    names = tuple(read)
    take = _fields.get(names)
    if take is None:
        # `_state` twice and first, and left out again: of a single name there would be no tuple.
        take = _fields[names] = itemgetter("_state", "_state", *(name for name in names if name[0] != "_"))
    values = take(read)[2:]
    if not _IN_A_FIELD.issuperset(map(type, values)):
        values = tuple([value if type(value) in _IN_A_FIELD else content(value, above) for value in values])
    if not (came_along := read["_state"].fields_cache) and "_prefetched_objects_cache" not in read:
        return _name_of(type(instance)), names, values
    related = [(name, content(other, above)) for name, other in came_along.items()]
    related += [(name, content(others, above)) for name, others in read.get("_prefetched_objects_cache", {}).items()]
    return _name_of(type(instance)), names, values, *related
