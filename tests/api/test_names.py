"""The public names, and that the synchronous package is what its generator writes."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mockexchange
from mockexchange.api.asynchronous.exchange import AsyncExchange
from mockexchange.api.synchronous.exchange import Exchange
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tools import write_sync_api


def test_every_public_name_is_there() -> None:
    assert [name for name in mockexchange.__all__ if getattr(mockexchange, name, None) is None] == []
    assert set(mockexchange.__all__) <= set(dir(mockexchange))


def test_type_checkers_know_the_same_names() -> None:
    tree = ast.parse(Path(mockexchange.__file__).read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    homes = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert homes == mockexchange._MODULE_OF
    assert sorted(homes) == sorted([*mockexchange.__all__, "__version__"])


def test_an_unknown_name_is_told() -> None:
    with pytest.raises(AttributeError, match=r"^module 'mockexchange' has no attribute 'sreve'$"):
        _ = mockexchange.sreve


def test_the_synchronous_package_is_what_is_generated() -> None:
    there = {path: path.read_text(encoding="utf-8") for path in write_sync_api.TARGET.glob("*.py")}
    assert there == write_sync_api.written(), "run python tools/write_sync_api.py"


@each_row(
    ("source", "text"),
    [
        ("x = await ask(1)", "x = ask(1)"),
        ("async def f() -> None: ...", "def f() -> None: ..."),
        ("async with a() as b, c:\n    pass", "with a() as b, c:\n    pass"),
        ("def f(it: AsyncIterator[AsyncExchange]): ...", "def f(it: Iterator[Exchange]): ..."),
        ("@asynccontextmanager\nasync def __aenter__(self): ...", "@contextmanager\ndef __enter__(self): ..."),
        ('"""See AsyncExchange and connect_async; await it."""', '"""See Exchange and connect; await it."""'),
        ('"""One\nAsyncExchange\n"""\nx = await f()', '"""One\nExchange\n"""\nx = f()'),
        ("a.b.asynchronous.c  # as in serve_async", "a.b.synchronous.c  # as in serve"),
        ("x: AsyncHandler = Asyncronous, asynchronously", "x: AsyncHandler = Asyncronous, asynchronously"),
    ],
)
def test_what_waits_is_left_out(source: str, text: str) -> None:
    assert write_sync_api.synchronous(source) == text


def test_the_generator_writes_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(write_sync_api, "ROOT", tmp_path)
    monkeypatch.setattr(write_sync_api, "written", lambda: {tmp_path / "a.py": "x = 1\n"})
    write_sync_api.main()
    assert (tmp_path / "a.py").read_text(encoding="utf-8") == "x = 1\n"
    assert capsys.readouterr().out == "a.py\n"


def test_both_faces_have_the_same_calls() -> None:
    def calls(kind: type) -> dict[str, list[str]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(one).parameters) for name, one in methods if not name.startswith("_")}

    assert calls(Exchange) == calls(AsyncExchange)


@each_row(
    ("plain", "awaited"),
    [(mockexchange.serve, mockexchange.serve_async), (mockexchange.connect, mockexchange.connect_async)],
)
def test_both_faces_begin_alike(plain: Callable[..., Any], awaited: Callable[..., Any]) -> None:
    assert inspect.signature(plain).parameters == inspect.signature(awaited).parameters


def test_nothing_that_waits_knows_a_loop() -> None:
    """So that the generator need not know of one either."""
    for path in (ROOT / "mockexchange/api/asynchronous").glob("*.py"):
        assert "import asyncio" not in path.read_text(encoding="utf-8"), path.name
