"""docs/python.md names every public name and every call of the Python API; its programs are run by test_snippets.py."""

import inspect
import re

import mockexchange
from mockexchange import AsyncExchange, Exchange, serve
from mockexchange.api.errors import MockExchangeError
from mockexchange.api.synchronous.connect import connect
from mockexchange.api.synchronous.journal import Journal
from mockexchange.api.synchronous.stream import Stream
from mockexchange.api.values.records import Deprecation, Frame, Request, Subscription
from mockexchange.api.values.results import Fault, Outcome, Position, Stub
from tests.docs.fences import fences_of
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PAGE = (ROOT / "docs/python.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"\w+", PAGE))
SELF_EXPLAINING = {"AsyncExchange", "Exchange"}
"""Names that only annotations use."""


def public(kind: type) -> list[str]:
    return [name for name, _ in inspect.getmembers(kind) if not name.startswith("_")]


def test_every_public_name_is_on_the_page() -> None:
    assert set(mockexchange.__all__) - SELF_EXPLAINING - WORDS == set()


@each_row(
    "kind",
    [Exchange, Journal, Stream, Outcome, Position, Fault, Stub, Request, Frame, Subscription, Deprecation],
    ids=lambda kind: kind.__name__,
)
def test_every_call_and_every_field_is_on_the_page(kind: type) -> None:
    fields = getattr(kind, "__dataclass_fields__", {})
    assert {*public(kind), *fields} - WORDS == set()


def test_the_errors_of_the_page_are_all_there_are() -> None:
    errors = {name for name in mockexchange.__all__ if isinstance(getattr(mockexchange, name), type)}
    known = {name for name in errors if issubclass(getattr(mockexchange, name), BaseException)}
    table = set(re.findall(r"^\| `(\w+)` \| ", PAGE.partition("## What it raises")[2], re.MULTILINE))
    assert table == known - {"MockExchangeError"}
    others = {name for name in known if not issubclass(getattr(mockexchange, name), MockExchangeError)}
    assert others == {"RealVenueReached"}


@each_row("call", [serve, connect, Exchange.sandbox, Exchange.add_key, Exchange.respond, Exchange.fill])
def test_every_argument_is_on_the_page(call: object) -> None:
    assert callable(call)
    names = set(inspect.signature(call).parameters) - {"self"}
    assert names - WORDS == set()


@each_row(("call", "text"), [(serve, "serve("), (connect, "connect(url"), (Exchange.sandbox, "sandbox(scenario")])
def test_defaults_are_as_the_page_says(call: object, text: str) -> None:
    assert callable(call)
    written = re.sub(r"\s+", " ", PAGE[PAGE.index(f"`{text}") :].partition(")`")[0])
    for name, parameter in inspect.signature(call).parameters.items():
        if name != "self":
            default = repr(parameter.default).replace("'", '"')
            assert f"{name}={default}" in written, name


def test_both_faces_are_described_by_one_page() -> None:
    assert public(Exchange) == public(AsyncExchange)


def test_the_page_has_programs() -> None:
    assert sum(fence.language == "python" for fence in fences_of("python.md")) >= 8
