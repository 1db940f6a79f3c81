"""Queries that every reader's page asks: written as any other, compiled to SQL once a process, and then only executed.

To build a query and to compile it costs several times what a small look-up costs the database. Only for queries whose SQL is
the same whatever is asked for.
"""

from __future__ import annotations

import datetime
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence, Sized
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache, partial
from itertools import count
from typing import Any

from django.db import connections, router
from django.db.models import BooleanField, DateField, Model, QuerySet, TimeField
from django.db.models.base import ModelState
from django.db.models.expressions import Col
from django.db.models.query import ModelIterable
from django.db.models.signals import post_init, pre_init

#: Values that nobody asks for, by which a parameter is known again in the compiled query. The number is that of the parameter.
MARKS: dict[type, Callable[[int], Any]] = {
    int: lambda number: 7_777_000_000_000 + number,
    str: lambda number: f"\ue000parameter {number}",
    datetime.datetime: lambda number: datetime.datetime(1807, 7, 7, 0, 0, 0, number, datetime.UTC),
    datetime.date: lambda number: datetime.date(1807, 7, 7) + datetime.timedelta(number),
}


class Prepared:
    """A query as a function of its parameters: `Prepared(lambda slug: Tag.objects.filter(slug=slug), slug=str)`.

    `build` makes a queryset of models (with or without `select_related`, `only`, `annotate`) or of `values_list()`, of keyword
    arguments of the types `kinds`: int, str, date, datetime, or `list[int]` for numbers, however many. Called with values for
    them it returns a list of what that queryset would give. `prefetch_related` is not done; a value is never None.
    """

    def __init__(self, build: Callable[..., QuerySet[Any]], **kinds: Any):
        self.build, self.kinds = build, kinds
        self._lists = [name for name, kind in kinds.items() if kind == list[int]]
        self._statements: dict[tuple[Any, ...], _Statement] = {}

    def __call__(self, **values: Any) -> list[Any]:
        statement = self._statement(values)
        rows = statement.execute(values)
        if statement.plan is None:
            return [tuple(statement.values(row)) for row in rows]
        known: dict[Any, Any] = {}
        return [Row(statement, row).made(known) for row in rows]

    def rows(self, **values: Any) -> list[Row]:
        """The same of a query for models, where most of what is read will not be wanted as instances."""
        statement = self._statement(values)
        return [Row(statement, raw) for raw in statement.execute(values)]

    def along(self, to: str, shape: Callable[[Iterable[Any]], Any], **values: Any) -> Along:
        """The same by the value of the field `to`, to be brought to rows of others."""
        statement = self._statement(values)
        place = statement.positions[to]
        found: defaultdict[Any, list[Sequence[Any]]] = defaultdict(list)
        for raw in statement.execute(values):
            found[raw[place]].append(raw)
        return Along(statement, found, shape)

    def _statement(self, values: dict[str, Any]) -> _Statement:
        alias = router.db_for_read(Model)
        # A list has one of few lengths, so that few statements are prepared.
        key = (alias, *[_room_for(values[name]) for name in self._lists])
        statement = self._statements.get(key)
        if statement is None:
            rooms = {name: (int, room) for name, room in zip(self._lists, key[1:], strict=True)}
            kinds = self.kinds | rooms
            statement = self._statements[key] = _Statement(self.build, kinds, alias)
        return statement


_numbers = count()


class _Statement:
    def __init__(self, build: Callable[..., QuerySet[Any]], kinds: dict[str, type | tuple[type, int]], alias: str):
        connection = connections[alias]
        self.alias, self.kinds = alias, kinds
        #: Bytes, which no row of ours has: it can be taken for nothing that was read.
        self.name = b"statement %d" % next(_numbers)
        #: In the order in which `execute` has their values.
        marks: dict[Any, str] = {}
        arguments: dict[str, Any] = {}
        for name, kind in kinds.items():
            if isinstance(kind, tuple):
                numbers = range(len(marks), len(marks) + kind[1])
                arguments[name] = [MARKS[kind[0]](number) for number in numbers]
                marks |= dict.fromkeys(arguments[name], name)
            else:
                arguments[name] = MARKS[kind](len(marks))
                marks[_stored(arguments[name], connection)] = name
        queryset = build(**arguments)
        self.compiler = queryset.query.get_compiler(connection=connection)
        self.sql, params = self.compiler.as_sql()
        if missing := set(marks) - set(params):
            raise ValueError(f"The query does not ask for {sorted({marks[mark] for mark in missing})}.")
        # What the query asks for is picked out of one list: of the values that are given, and behind them those that never change.
        self.constant = [_plain(param) for param in params if param not in marks]
        place_of = {mark: place for place, mark in enumerate(marks)}
        others = count(len(marks))
        self.places = [place_of[param] if param in marks else next(others) for param in params]
        columns = [column for column, *_ in self.compiler.select]
        self.converters = [
            (position, [_for_text(converter, expression, connection) for converter in converters])
            for position, (converters, expression) in self.compiler.get_converters(columns).items()
        ]
        self.converted = {position for position, _ in self.converters}
        #: A _Plan where it brings models.
        self.plan: Any = None
        self.annotations = list((self.compiler.annotation_col_map or {}).items())
        if issubclass(queryset._iterable_class, ModelIterable):
            self.plan = _Plan(self.compiler.klass_info or {}, columns, alias)
            #: Where in a row a field of the model itself stands, or an annotation.
            self.positions = dict(self.plan.fields) | dict(self.annotations)
            if connection.vendor == "sqlite":
                self.sql = _as_stored(self.sql, self.compiler)
        # As SQLite has its parameters: Django would look for them in the whole text each time.
        self.sqlite_sql = self.sql.replace("%s", "?").replace("%%", "%") if connection.vendor == "sqlite" else ""

    def execute(self, values: dict[str, Any]) -> list[Sequence[Any]]:
        """Rows as the database gives them."""
        connection = connections[self.alias]
        given: list[Any] = []
        for name, kind in self.kinds.items():
            value = values[name]
            given += _padded(value, kind[1]) if isinstance(kind, tuple) else [_stored(value, connection)]
        given += self.constant
        return self._fetched(connection, [given[place] for place in self.places])

    def values(self, raw: Sequence[Any]) -> Sequence[Any]:
        """A row as Django has it, a tuple or a list."""
        if not self.converters:
            return raw
        row = list(raw)
        for position, converters in self.converters:
            if (value := row[position]) is not None:
                for convert in converters:
                    value = convert(value)
                row[position] = value
        return row

    def _fetched(self, connection: Any, params: list[Any]) -> list[Any]:
        if (
            self.sqlite_sql
            and not connection.queries_logged
            and all(map(_minds_writes_alone, connection.execute_wrappers))
        ):
            connection.ensure_connection()
            connection.validate_no_broken_transaction()
            with connection.wrap_database_errors:
                return connection.connection.execute(self.sqlite_sql, params).fetchall()
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            return cursor.fetchall()


class Row:
    """What has been read of an instance of a model, and the instance, made when somebody asks for it.

    Rows of the same `content` make instances that look the same. `along` holds rows of other queries, by the name under which
    the instance has them.
    """

    __slots__ = ("__weakref__", "_instance", "_values", "along", "raw", "statement")

    def __init__(self, statement: _Statement, raw: Sequence[Any]):
        self.statement, self.raw = statement, raw
        self.along: dict[str, Along] = {}
        # The instance has its row: of the two together the counting of references would never let go.
        self._instance: weakref.ref[Any] | None = None
        self._values: Sequence[Any] | None = None

    @property
    def content(self) -> tuple[Any, ...]:
        """A hashable."""
        if not self.along:
            return self.statement.name, self.raw
        return self.statement.name, self.raw, *[(name, along.content(self.pk)) for name, along in self.along.items()]

    @property
    def pk(self) -> Any:
        return self.raw[self.statement.plan.pk]

    def __getitem__(self, name: str) -> Any:
        """The value of a field that was read, or of an annotation; KeyError where neither was."""
        position = self.statement.positions[name]
        return self.values[position] if position in self.statement.converted else self.raw[position]

    def bring(self, name: str, along: Along) -> None:
        self.along[name] = along
        if self._instance and (instance := self._instance()):
            prefetched(instance)[name] = along.made(self.pk)

    @property
    def values(self) -> Sequence[Any]:
        if self._values is None:
            self._values = self.statement.values(self.raw)
        return self._values

    @property
    def instance(self) -> Any:
        """The same one for as long as somebody has it."""
        return (self._instance and self._instance()) or self.made({})

    def made(self, known: dict[Any, Any]) -> Any:
        """The instance; it shares with others what it has in common with them, as far as that is `known`."""
        instance = self.statement.plan.made_of(self.values, known)
        self._instance = weakref.ref(instance)
        told = instance.__dict__
        told["_row"] = self
        for name, position in self.statement.annotations:
            setattr(instance, name, self.values[position])
        for name, along in self.along.items():
            prefetched(instance)[name] = along.made(self.pk)
        return instance


class Along:
    """Rows that go with others, by the key of these; `shape` makes of instances what the other's instance has of them."""

    __slots__ = ("_raws", "_shape", "_statement")

    def __init__(
        self, statement: _Statement, raws: dict[Any, list[Sequence[Any]]], shape: Callable[[Iterable[Any]], Any]
    ):
        self._statement, self._raws, self._shape = statement, raws, shape

    def content(self, of: Any) -> tuple[Any, ...]:
        """A hashable."""
        return self._statement.name, *self._raws.get(of, ())

    def made(self, of: Any) -> Any:
        known: dict[Any, Any] = {}
        return self._shape(Row(self._statement, raw).made(known) for raw in self._raws.get(of, ()))


class Known(tuple[Any, ...]):
    """What an instance's manager gives in place of a queryset: to be read in its order, and for nothing else."""

    def all(self) -> Known:
        return self


def prefetched(instance: Model) -> dict[str, Any]:
    """What its managers answer from."""
    return vars(instance).setdefault("_prefetched_objects_cache", {})


def instances(value: Any) -> Any:
    """The same with instances in place of rows, also within lists, tuples and dataclasses."""
    kind = type(value)
    if kind is Row:
        return value.instance
    if kind in (list, tuple):
        return kind(instances(each) for each in value)
    if is_dataclass(kind):
        held = {field.name: getattr(value, field.name) for field in fields(kind)}
        changed = {name: made for name, each in held.items() if (made := instances(each)) is not each}
        return replace(value, **changed) if changed else value
    return value


def row_of(instance: Model) -> Row | None:
    """What a prepared query has read of an instance, and of what came with it; None for any other instance."""
    return instance.__dict__.get("_row")


def is_as_read(instance: Model) -> bool:
    """Whether nobody has changed an instance that a prepared query made, nor what came with it."""
    row = row_of(instance)
    return row is None or row.statement.plan.fits(instance, row.values)


class _Plan:
    """Where in a row a model's fields stand, and those of the models that came with `select_related`."""

    def __init__(self, klass_info: dict[str, Any], columns: list[Any], alias: str):
        positions = klass_info["select_fields"]
        self.model, self.alias = klass_info["model"], alias
        wants_to_know = post_init.has_listeners(self.model) or pre_init.has_listeners(self.model)
        if wants_to_know or "from_db" in vars(self.model) or "__init__" in vars(self.model):
            raise TypeError(f"{self.model.__name__} wants to know of each instance: do not prepare a query for it.")
        self.fields = [(columns[position].target.attname, position) for position in positions]
        pk = self.model._meta.pk.attname
        self.pk = next(position for name, position in self.fields if name == pk)
        self.related = [
            (info["local_setter"], _Plan(info, columns, alias)) for info in klass_info.get("related_klass_infos", [])
        ]
        infos = klass_info.get("related_klass_infos", [])
        self.named = [
            (info["field"].name, plan)
            for info, (_, plan) in zip(infos, self.related, strict=True)
            if not info["reverse"]
        ]

    def made_of(self, row: Sequence[Any], known: dict[Any, Any]) -> Any:
        """The instance, as `Model.from_db` makes it but for what it does for fields that are not there."""
        instance = self.model.__new__(self.model)
        told = instance.__dict__
        told["_state"] = state = ModelState()
        state.adding, state.db = False, self.alias
        for name, position in self.fields:
            told[name] = row[position]
        for put, plan in self.related:
            pk = row[plan.pk]
            # Many stories have the same section: they share it.
            other = None if pk is None else known.get((plan, pk))
            if other is None and pk is not None:
                other = known[plan, pk] = plan.made_of(row, known)
            put(instance, other)
        return instance

    def fits(self, instance: Any, row: Sequence[Any]) -> bool:
        told = instance.__dict__
        if any(name not in told or told[name] != row[position] for name, position in self.fields):
            return False
        for name, plan in self.named:
            other = told["_state"].fields_cache.get(name)
            if other is not None and not plan.fits(other, row):
                return False
        return True


def _minds_writes_alone(wrapper: Callable[..., Any]) -> bool:
    """Whether it has nothing to do with what is only read (newsportal.database.observed)."""
    return getattr(wrapper, "minds_writes_alone", False)


def _as_stored(sql: str, compiler: Any) -> str:
    """The same with times and truth values as SQLite has them, text and numbers.

    Django has the driver parse what stands in a column of these types, one value after the other in Python; nothing is said of
    the type of an expression. Django's own converters, which come later and only for what is wanted, take either.
    """
    for column, (text, _), _ in compiler.select:
        if isinstance(column, Col) and isinstance(column.target, DateField | TimeField | BooleanField):
            sql = sql.replace(text, f"+{text}", 1)
    return sql


def _for_text(convert: Callable[..., Any], expression: Any, connection: Any) -> Callable[[Any], Any]:
    """A converter of Django's for one column. SQLite has times as text, and the same ones come again with every page."""
    plain = partial(convert, expression=expression, connection=connection)
    if not isinstance(getattr(expression, "output_field", None), DateField):  # DateTimeField is one
        return plain
    return lru_cache(maxsize=512)(plain)


def _stored(value: Any, connection: Any) -> Any:
    """As the database takes it."""
    if isinstance(value, datetime.datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, datetime.date):
        return connection.ops.adapt_datefield_value(value)
    return value


def _plain(param: Any) -> Any:
    """A choice as the text that it is: SQLite's driver looks for an adapter of anything else, each time."""
    return str.__str__(param) if isinstance(param, str) else param


def _room_for(values: Sized) -> int:
    """The length of a list that these fit in: one of few."""
    return max(16, 1 << (len(values) - 1).bit_length())


def _padded(values: Sequence[int], size: int) -> list[int]:
    """A list of so many, to ask for the same: the last one again and again. Number 0 stands for nothing."""
    return [*values, *[values[-1] if values else 0] * (size - len(values))]
