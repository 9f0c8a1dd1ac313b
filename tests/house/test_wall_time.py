"""No test reads a clock to judge by it: what a busy machine does late is not wrong."""

import ast
from collections.abc import Iterator

from tests.house.checkout import ROOT

CLOCKS = {"monotonic", "perf_counter", "process_time", "thread_time"}
FOLDERS = ("tests", "contracts/suites")
MAY_READ_CLOCKS = {
    "tests/helpers/patience.py": "it ends a test that hangs",
    "tests/server/control/test_roles.py": "a pause is at least as long as it should be",
    "tests/kit/test_local_exchange.py": "signatures have an age",
    "tests/kit/streaming/test_targets.py": "it puts its own clock in the place of one",
    "tests/kit/client/test_card_verdicts.py": "a verdict has a beginning",
    "tests/kit/client/faulty_jsonrpc.py": "a client that listens for as long as its task says",
    "tests/kit/client/faulty_listeners.py": "a client that listens for as long as its task says",
    "tests/kit/client/faulty_traders.py": "a client that listens for as long as its task says",
}
"""Files that read a clock, each with its reason: none of them compares a measured duration with a bound from above."""


def clocks_read(source: str) -> Iterator[int]:
    """Yield the lines that name a clock of the module `time`, or import one from it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Attribute(value=ast.Name(id="time"), attr=name) if name.removesuffix("_ns") in CLOCKS:
                yield node.lineno
            case ast.ImportFrom(module="time", names=names):
                yield from (node.lineno for one in names if one.name.removesuffix("_ns") in CLOCKS)
            case _:
                pass


def test_clocks_are_read_where_it_is_said_why() -> None:
    files = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    reading = {
        path.relative_to(ROOT).as_posix(): lines
        for path in files
        if (lines := list(clocks_read(path.read_text(encoding="utf-8"))))
    }
    assert {path: lines for path, lines in reading.items() if path not in MAY_READ_CLOCKS} == {}
    assert sorted(MAY_READ_CLOCKS.keys() - reading.keys()) == []


def test_each_way_to_read_a_clock_is_seen() -> None:
    seen = ("time.monotonic()", "x(time.perf_counter_ns)", "from time import thread_time")
    assert [list(clocks_read(source)) for source in seen] == [[1]] * 3
    assert list(clocks_read("time.time_ns()\nnow.monotonic()\nimport time")) == []
