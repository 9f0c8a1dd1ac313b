"""Every read of the newest document by four published clients; what they make of it is in docs/clients.md."""

from pathlib import Path
from typing import Any

import pytest

from tests.clients.exchange import Server
from tests.clients.matrix import Cell
from tests.clients.page import read_page
from tests.clients.published import Published
from tests.clients.reads import ARGUMENTS, READERS, SCENARIO, ask_reads, judge_read, operation_ids
from tests.clients.reads_page import BEGIN, BOTH, END, cell_of, reads_of, with_reads
from tests.helpers.rows import each_row

WIRE = '{"cursor":"","markets":[{"ticker":"KX-A","price_dollars":"0.5000","open":"2025-11-04T12:00:00Z"}]}'
READ = {"ticker": "KX-A", "price": "0.50", "open": "2025-11-04T13:00:00+01:00"}


@pytest.mark.clients
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.title)
def test_the_page_says_what_a_client_makes_of_each_read(reader: Published, server: Server, tmp_path: Path) -> None:
    found = {}
    with reader.driven(tmp_path / "log.txt") as peer:
        for date in BOTH:
            sandbox = server.control.open(SCENARIO.read_text(encoding="utf-8"), date, "paused")
            found[date] = ask_reads(sandbox, peer)
            sandbox.delete()
    cells = {name: cell_of(found, name) for name in operation_ids()}
    assert reads_of(read_page())[reader.title] == cells, "run `make clients`"


@each_row(
    ("answer", "cell", "mistake"),
    [
        ({"rows": [{"read": [READ]}]}, Cell.YES, ""),
        ({"rows": [{"read": [{**READ, "price": "0.05"}]}]}, Cell.NO, "price is reported as '0.05'"),
        ({"rows": [{"read": [{**READ, "open": "2025-11-04T12:00:00+01:00"}]}]}, Cell.NO, "open is reported as"),
        ({"rows": [{"read": [{"price": "0.50"}]}]}, Cell.NO, "not reported: KX-A"),
        ({"rows": [{"read": []}]}, Cell.NO, "nothing is reported"),
        ({"unsupported": True}, Cell.NONE, ""),
        ({"error": "KeyError", "status": None}, Cell.NO, "KeyError"),
        ({"error": "ApiException", "status": 404}, Cell.UNKNOWN, "ApiException"),
    ],
)
def test_a_read_is_compared_with_the_wire(answer: Any, cell: Cell, mistake: str) -> None:
    found, mistakes = judge_read(answer, lambda: WIRE, {})
    assert found is cell
    assert bool(mistakes) == bool(mistake)
    assert not mistake or mistakes[0].startswith(mistake)


def test_what_was_asked_for_need_not_be_reported() -> None:
    assert judge_read({"rows": [{"read": [{"price": "0.50"}]}]}, lambda: WIRE, {"ticker": "KX-A"}) == (Cell.YES, [])


def test_arguments_are_those_of_operations() -> None:
    assert set(ARGUMENTS) <= set(operation_ids())


def test_the_page_has_every_read_and_is_read_again() -> None:
    cells = {name: (Cell.NO if name == "GetEvent" else Cell.YES, ["why"]) for name in operation_ids()}
    found = {reader.title: {"latest": cells, "compat": {**cells, "GetEvent": (Cell.YES, [])}} for reader in READERS}
    page = with_reads(f"# Before\n{BEGIN}\nold\n{END}\nAfter\n", found)
    assert "old" not in page
    assert all(
        told == {**dict.fromkeys(cells, "yes"), "GetEvent": "no, compat yes"} for told in reads_of(page).values()
    )
    assert set(reads_of(read_page())[READERS[0].title]) == set(operation_ids())
    with pytest.raises(ValueError, match="got a page without"):
        with_reads("# Before\n", found)
