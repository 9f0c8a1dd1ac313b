"""The generated part of docs/clients.md can be read again."""

import pytest

from tests.clients.matrix import Cell
from tests.clients.page import BEGIN, DATES, END, Cells, matrix_of, read_page, with_matrix
from tests.clients.published import BY_TITLE, CLIENTS

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


def test_a_page_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="got a page without"):
        with_matrix(f"# Before\n\n{BEGIN}\n", FOUND)


def test_the_page_tells_of_every_client_its_date_and_faults() -> None:
    assert list(matrix_of(read_page())) == [client.title for client in CLIENTS]
    for client in CLIENTS:
        told = read_page().partition(f"### {client.title}\n")[2].partition("\n### ")[0]
        assert f"| **{client.api_date}** |" in told
        assert all(f"* `{method}`: {fault.why}\n" in told for method, fault in client.faults)
