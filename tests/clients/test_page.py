"""The generated part of docs/clients.md can be read again."""

import pytest

from tests.clients.disturbances import DISTURBANCES
from tests.clients.hearing import KINDS, Heard
from tests.clients.listeners import STREAMERS
from tests.clients.matrix import Cell
from tests.clients.page import (
    BEGIN,
    CHANNELS_BEGIN,
    CHANNELS_END,
    DATES,
    END,
    FAULTS_BEGIN,
    FAULTS_END,
    ORDERS_BEGIN,
    ORDERS_END,
    Cells,
    faults_of,
    heard_of,
    matrix_of,
    orders_of,
    read_page,
    with_channels,
    with_faults,
    with_matrix,
    with_orders,
)
from tests.clients.published import BY_TITLE, CLIENTS, TRADERS
from tests.helpers.rows import each_row

FOUND: Cells = {
    title: {date: {"fills": Cell.YES if date == "compat" else Cell.UNKNOWN, "deposits": Cell.NONE} for date in DATES}
    for title in BY_TITLE
}


def test_what_is_written_is_read_again() -> None:
    page = with_matrix(f"# Before\n\n{BEGIN}\nold\n{END}\n\nAfter\n", FOUND)
    assert page.startswith(f"# Before\n\n{BEGIN}\n\n### ")
    assert page.endswith(f"|\n\n{END}\n\nAfter\n")
    assert "old" not in page
    for title, dates in matrix_of(page).items():
        assert dates == {date: {"fills": FOUND[title][date]["fills"]} for date in DATES}
    assert with_matrix(page, FOUND) == page


def test_what_is_written_of_orders_is_read_again() -> None:
    dates = {date: {"v1_place": Cell.GONE if date == "latest" else Cell.YES, "group": Cell.NONE} for date in DATES}
    page = with_orders(f"# Before\n\n{ORDERS_BEGIN}\nold\n{ORDERS_END}\n", {one.title: dates for one in TRADERS})
    assert "old" not in page
    for found in orders_of(page).values():
        assert found == {date: {"v1_place": cells["v1_place"]} for date, cells in dates.items()}


def test_what_is_written_of_channels_is_read_again() -> None:
    dates = {date: dict.fromkeys(KINDS, Heard.YES if date == "compat" else Heard.UNKNOWN) for date in DATES}
    heard = {streamer.title: dates for streamer in STREAMERS}
    page = with_channels(f"# Before\n\n{CHANNELS_BEGIN}\nold\n{CHANNELS_END}\n", heard)
    assert "old" not in page
    assert heard_of(page) == heard
    assert with_channels(page, heard) == page


def test_what_is_written_of_faults_is_read_again() -> None:
    found = {streamer.title: {name: f"{streamer.name}; {name}" for name in DISTURBANCES} for streamer in STREAMERS}
    page = with_faults(f"# Before\n\n{FAULTS_BEGIN}\nold\n{FAULTS_END}\n", found)
    assert "old" not in page
    assert faults_of(page) == found
    assert with_faults(page, found) == page


def test_every_fault_has_words_of_its_own() -> None:
    assert len({one.words for one in DISTURBANCES.values()}) == len(DISTURBANCES)


@each_row("page", ["# Before\n", f"{BEGIN}\n", f"{END}\n", f"{END}\n{BEGIN}\n"])
def test_a_page_without_a_place_for_it_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="got a page without"):
        with_matrix(page, FOUND)


def test_the_page_tells_of_every_client_its_date_and_faults() -> None:
    assert list(matrix_of(read_page())) == [client.title for client in CLIENTS]
    assert list(orders_of(read_page())) == [client.title for client in TRADERS]
    headings = {f"### {client.title}": client for client in CLIENTS}
    for heading, client in {**headings, **{f"### Orders of {one.title}": one for one in TRADERS}}.items():
        reported = read_page().partition(f"{heading}\n")[2].partition("\n### ")[0]
        assert f"| **{client.api_date}** |" in reported
        assert all(f"* `{method}`: {fault.why}\n" in reported for method, fault in client.faults)
