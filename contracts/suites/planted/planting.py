"""Plants faults in the server by replacing a function, a row of a table, or a kind of answer."""

import json
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pytest
from msgspec import Struct, structs

from mockexchange.sandbox import history_cache
from mockexchange.venues import registry
from mockexchange.venues.dated_fields import Field
from mockexchange.venues.kalshi import errors, rest
from mockexchange.venues.kalshi import parameter_decoding as decoding
from mockexchange.venues.kalshi.errors import Situation
from mockexchange.venues.kalshi.frames import FRAMES
from mockexchange.venues.kalshi.parameter_decoding import Decoded
from mockexchange.venues.kalshi.resources import OBJECTS, PARAMETERS
from mockexchange.venues.request import Answer, Request

Make = Callable[[Any], Any]
"""Maps the original value to the faulty one."""
Ask = Callable[[dict[str, str]], Answer]
NOT_THE_SERVER = ("mockexchange.kit", "mockexchange.runtime.api_documents")


def _replaced(value: Any, original: Any, changed: Any) -> dict[str, Any]:
    """Return the fields of a value that hold `original`, with `changed` in their place."""
    return {one.name: changed for one in structs.fields(value) if getattr(value, one.name) is original}


class Planter:
    """Changes the server until the end of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        monkeypatch.setattr(history_cache, "COMMANDS_MAX", 0)  # what was made before knows nothing of what is planted

    def function(self, original: Any, make: Make) -> None:
        """Replace a function in every module of the server that has it, and in every venue."""
        changed = make(original)
        self._everywhere(original, changed)
        for venue in list(registry.VENUES.values()):
            found = _replaced(venue, original, changed)
            for one in structs.fields(venue):
                subject: Any = getattr(venue, one.name)
                inner = _replaced(subject, original, changed) if isinstance(subject, Struct) else {}
                if inner:
                    found[one.name] = structs.replace(subject, **inner)
            if found:
                self.venue(venue.name, **found)

    def venue(self, name: str, **changes: Any) -> None:
        """Replace the registered venue."""
        known = registry.VENUES[name]
        changed = structs.replace(known, **changes)
        self._everywhere(known, changed)
        for table in (registry.VENUES, registry.STREAM_PATHS):
            for key in [key for key, one in table.items() if one is known]:
                self._patch.setitem(table, key, changed)

    def _everywhere(self, original: Any, changed: Any) -> None:
        for module in server_modules():
            for name, value in list(vars(module).items()):
                if value is original:
                    self._patch.setattr(module, name, changed)

    def member(self, owner: Any, name: str, make: Make) -> None:
        """Replace a method, property or constant of a class or module."""
        self._patch.setattr(owner, name, make(vars(owner)[name]))

    def field(self, table: str, name: str, **changes: Any) -> None:
        """Change the rows of one key of an object of REST."""
        self._field(OBJECTS, table, name, changes)

    def frame_field(self, table: str, name: str, **changes: Any) -> None:
        """Change the rows of one key of a message of the stream."""
        self._field(FRAMES, table, name, changes)

    def _field(self, tables: dict[str, tuple[Field, ...]], table: str, name: str, changes: dict[str, Any]) -> None:
        rows = tables[table]
        assert name in {row.name for row in rows}
        changed = tuple(structs.replace(row, **changes) if row.name == name else row for row in rows)
        self._patch.setitem(tables, table, changed)

    def new_field(self, table: str, row: Field) -> None:
        self._patch.setitem(OBJECTS, table, (*OBJECTS[table], row))

    def parameter(self, operation: str, name: str, **changes: Any) -> None:
        rows = PARAMETERS[operation]
        assert name in {row.name for row in rows}
        changed = tuple(structs.replace(row, **changes) if row.name == name else row for row in rows)
        self._patch.setitem(PARAMETERS, operation, changed)

    def error(self, situation: Situation, **changes: Any) -> None:
        changed = tuple(structs.replace(row, **changes) if row.name == situation else row for row in errors.ERRORS)
        self._patch.setattr(errors, "ERRORS", changed)

    def ignore(self, operation: str, *names: str) -> None:
        """Ignore parameters after they are read and checked."""

        def make(decode: Callable[..., Decoded]) -> Callable[..., Decoded]:
            def decode_less(called: str, query: str, *given: Any) -> Decoded:
                decoded = decode(called, query, *given)
                if called != operation:
                    return decoded
                absent = decode(called, "", *given).params
                return decoded._replace(params={**decoded.params, **{name: absent[name] for name in names}})

            return decode_less

        self.function(decoding.read_query, make)

    def answers(self, operation: str, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the bodies of an operation's successful answers in place."""

        def edit(reply: Answer) -> None:
            if reply.operation == operation:
                edited(reply, change)

        self.replies(edit)

    def served(self, path: str, serve: Callable[[Ask, dict[str, str]], Answer]) -> None:
        """Answer the requests of a path anew: `serve` is given a function that answers a query, and the query."""

        def make(answer: Callable[..., Answer]) -> Callable[..., Answer]:
            def answer_otherwise(context: Any, request: Request, *instants: int) -> Answer:
                def ask(query: dict[str, str]) -> Answer:
                    return answer(context, structs.replace(request, query=urlencode(query)), *instants)

                query = dict(parse_qsl(request.query, keep_blank_values=True))
                return serve(ask, query) if request.path.endswith(path) else ask(query)

            return answer_otherwise

        self.function(rest.answer, make)

    def replies(self, edit: Callable[[Answer], object]) -> None:
        """Change answers in place, including refusals."""

        def make(answer: Callable[..., Answer]) -> Callable[..., Answer]:
            def answer_otherwise(*given: Any) -> Answer:
                reply = answer(*given)
                edit(reply)
                return reply

            return answer_otherwise

        self.function(rest.answer, make)


def edited(reply: Answer, change: Callable[[dict[str, Any]], object]) -> Answer:
    """Change the body of a successful answer in place, and return the answer."""
    if reply.status == 200:
        body = json.loads(reply.body)
        change(body)
        reply.body = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return reply


class Fault(NamedTuple):
    """A fault; `rules` are the ids of the rules that may find it first."""

    name: str
    plant: Callable[[Planter], None]
    rules: frozenset[str]


def fault(name: str, rules: str, plant: Callable[[Planter], None]) -> Fault:
    return Fault(name, plant, frozenset(rules.split()))


def server_modules() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if name.startswith("mockexchange.") and not name.startswith(NOT_THE_SERVER):
            yield module


def forget_what_was_made() -> None:
    """Clear every cache of the server, so that new values are made from the changed ones."""
    for module in server_modules():
        for value in list(vars(module).values()):
            if hasattr(value, "cache_clear"):
                value.cache_clear()
