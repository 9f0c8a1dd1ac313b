"""Response fuzzing goes by a count and a seed: so many bodies for each task, and the same ones for the same seed."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockexchange.kit.client.adapter import AdapterReply, ConnectionDetails
from mockexchange.kit.client.fuzzing import BODY, EXAMPLES, LEFT_OUT, FuzzSettings, judge_fuzz
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.read_tasks import ORDERS, POSITIONS
from mockexchange.kit.local_exchange import Exchange, exchange
from tests.kit.client import mirror

pytestmark = pytest.mark.untraced

FEW = 8
BODIES_MIN = 150
"""What is asked of the kit for each task."""


class Reader:
    """An adapter in this process, which keeps the bodies that it read, and where it read them."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.connections: set[ConnectionDetails] = set()
        self._http = httpx.Client(trust_env=False, event_hooks={"response": [self._keep]})

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def _keep(self, response: httpx.Response) -> None:
        response.read()
        self.bodies.append(response.text)

    def ask(
        self, task: str, connection: ConnectionDetails, *, task_s_max: float | None = None, **arguments: Any
    ) -> AdapterReply:
        self.connections.add(connection)
        answer = mirror.answer({"task": task, **connection._asdict()}, "", self._http)
        return AdapterReply(answer.get("rows"), answer.get("error", ""), answer.get("status"))


class Unreading:
    """An adapter that reports no positions, whatever is there, and does nothing else."""

    def ask(
        self, task: str, connection: ConnectionDetails, *, task_s_max: float | None = None, **arguments: Any
    ) -> AdapterReply:
        return AdapterReply([]) if task == POSITIONS.name else AdapterReply(is_unsupported=True)


@pytest.fixture(scope="module")
def served() -> Iterator[Exchange]:
    with exchange() as running:
        yield running


def fuzzed(served: Exchange, reader: Any, settings: FuzzSettings, *more: Any) -> list[Finding]:
    return list(judge_fuzz(reader, served, KALSHI._replace(tasks=[POSITIONS, *more]), settings=settings))


def test_a_task_is_fuzzed_with_as_many_bodies_as_were_asked_for(served: Exchange) -> None:
    """One sandbox serves them all; the first body is that of the account."""
    with Reader() as reader:
        assert fuzzed(served, reader, FuzzSettings()) == []
    assert len(reader.bodies) - 1 >= EXAMPLES >= BODIES_MIN
    assert len(set(reader.bodies)) > BODIES_MIN / 2
    assert len(reader.connections) == 1


def test_a_seed_and_a_count_choose_the_bodies(served: Exchange) -> None:
    read = []
    for seed, examples in ((7, FEW), (7, FEW), (8, FEW), (7, 2 * FEW)):
        with Reader() as reader:
            fuzzed(served, reader, FuzzSettings(None, seed, examples))
        read.append(reader.bodies)
    first, again, other, more = read
    assert first == again != other
    assert FEW < len(first) < len(more) - FEW / 2


def test_equal_errors_are_one_finding_whichever_rows_they_name(served: Exchange) -> None:
    """The rows that are missing differ from body to body, and in both modes; a note is about the other task."""
    note, found = fuzzed(served, Unreading(), FuzzSettings(), ORDERS)
    assert (note.rule, note.where.partition(" ")[0]) == (LEFT_OUT, "orders")
    assert (found.rule, found.seen) == (BODY, "0 rows; missing: 0")
