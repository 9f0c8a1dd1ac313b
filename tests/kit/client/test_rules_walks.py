"""Rules about pages and retries: each finds its violations, and nothing in correct traffic."""

import json
from typing import Any

import pytest

from mockexchange.kit.client.rules import NotSeen
from mockexchange.kit.client.traffic import Call, Traffic
from tests.helpers.rows import each_row
from tests.kit.client.wiring import acknowledged, call, found, seen, traffic

ROWS = [{"ticker": "A"}]


def page(query: str, cursor: Any, rows: list[dict[str, str]] | None = None) -> Call:
    answer = {"cursor": cursor, "market_positions": ROWS if rows is None else rows}
    return call(f"/portfolio/positions{query}", answer=answer)


def walk(*pages: Call) -> Traffic:
    return traffic(pages)


WHOLE = walk(page("?limit=1&x=1", "a"), page("?limit=1&x=1&cursor=a", "b"), page("?limit=1&x=1&cursor=b", ""))


@each_row("rule", ["pages.followed", "pages.filtered", "pages.cursors", "pages.once"])
def test_a_whole_walk_is_right(rule: str) -> None:
    assert not found(rule, WHOLE)


def test_a_walk_that_stops_early_is_found() -> None:
    assert seen("pages.followed", walk(page("", "a"), page("?cursor=a", "b"))) == [
        "2 pages were read, and the last one's cursor was not followed"
    ]


def test_a_walk_may_stop_when_the_client_has_enough_rows() -> None:
    assert not found("pages.followed", walk(page("?limit=1", "a")))


def test_one_page_is_no_walk() -> None:
    for rule in ("pages.followed", "pages.filtered", "pages.once"):
        with pytest.raises(NotSeen, match="more than one page"):
            found(rule, walk(page("", "")))
    with pytest.raises(NotSeen, match="no list"):
        found("pages.cursors", traffic([call(answer={"balance": 1}), call(status=500)]))


def test_other_filters_with_a_cursor_are_found() -> None:
    crossed = walk(page("?ticker=A", "a"), page("?cursor=a", ""))
    assert seen("pages.filtered", crossed) == [
        "the cursor of GET /trade-api/v2/portfolio/positions?ticker=A came back under other filters"
    ]


def test_a_cursor_that_was_never_given_is_found() -> None:
    assert seen("pages.cursors", walk(page("", None), page("?cursor=None", ""))) == [
        "the cursor 'None' was never handed out"
    ]


def test_a_page_that_is_read_again_and_again_is_found() -> None:
    again = page("?cursor=a", "a")
    assert not found("pages.once", walk(page("", "a"), again, again))
    assert seen("pages.once", walk(page("", "a"), again, again, again)) == ["the same cursor was sent 3 times"]


# --- retries


def attempts(*moments_s: float, status: int = 503, last: int | None = None, method: str = "GET") -> Traffic:
    calls = [call(status=status, at=at, method=method) for at in moments_s]
    return traffic(calls if last is None else [*calls[:-1], calls[-1]._replace(status=last)])


def post(at: float, client_order_id: str, *, status: int = 503, price: str = "0.40") -> Call:
    """An order that is sent."""
    body = json.dumps({"ticker": "A", "price": price, "client_order_id": client_order_id}).encode()
    return call("/portfolio/events/orders", status, at=at, method="POST", body=body)


@each_row(
    ("rule", "crossed"),
    [
        ("retries.final", attempts(0, status=404)),
        ("retries.bounded", attempts(*(place / 2 for place in range(12)))),
        ("retries.bounded", attempts(*range(30))),
        ("retries.paced", attempts(0, 0.1, 0.3, 0.7, 0.9)),
        ("retries.growing", attempts(0, 0.1, 0.3)),
        ("retries.writes", attempts(0, status=500, method="POST")),
        ("retries.writes", attempts(0, 1, status=429, method="POST")),
        ("retries.writes", traffic([post(0, "a"), post(1, "a", status=201)])),
        ("retries.writes", traffic([post(0, ""), post(1, "", price="0.41")])),
        ("retries.writes", traffic([post(0, "a"), call("/portfolio/orders", at=0.5), post(1, "b")])),
        ("retries.writes", traffic([post(0, "a"), post(1, "b")], [acknowledged("fill", at=0.1)])),
    ],
)
def test_what_is_patient_is_right(rule: str, crossed: Traffic) -> None:
    assert not found(rule, crossed)


@each_row(
    ("rule", "crossed", "words"),
    [
        ("retries.final", attempts(0, 1, 2, status=403), "after 403 it was sent 2 times more"),
        ("retries.bounded", attempts(*(place / 2 for place in range(13))), "it was sent 13 times within 10 s"),
        ("retries.paced", attempts(*(place / 10 for place in range(6))), "it was sent 6 times within one second"),
        ("retries.growing", attempts(0, 0.5, 1.0), "pauses of 0.49 s, 0.49 s"),
        ("retries.anew", attempts(0, 1), "the same timestamp and signature were sent again"),
        (
            "retries.writes",
            attempts(0, 1, method="POST"),
            "a POST that may have been carried out was sent 1 times more",
        ),
        ("retries.writes", attempts(0, 1, status=0, method="POST"), "was sent 1 times more"),
        ("retries.writes", traffic([post(0, "a"), post(1, "b")]), "was sent 1 times more"),
        ("retries.writes", traffic([post(0, "a"), call("/markets", at=0.5), post(1, "b")]), "was sent 1 times more"),
    ],
)
def test_what_is_impatient_is_found(rule: str, crossed: Traffic, words: str) -> None:
    (only,) = seen(rule, crossed)
    assert words in only


@each_row(
    ("rule", "crossed", "words"),
    [
        ("retries.bounded", traffic([call()]), "no request failed"),
        ("retries.final", attempts(0, 1, status=429), "refused for good"),
        ("retries.growing", attempts(0, 1), "a third time"),
        ("retries.anew", attempts(0), "sent again"),
        ("retries.writes", attempts(0), "no POST failed"),
    ],
)
def test_what_did_not_happen_is_not_judged(rule: str, crossed: Traffic, words: str) -> None:
    with pytest.raises(NotSeen, match=words):
        found(rule, crossed)


def test_polling_is_no_retry() -> None:
    assert not found("retries.final", attempts(0, 10, 20, status=403))


def test_a_success_ends_the_attempts() -> None:
    crossed = traffic([call(status=503), call(at=0.1), call(at=0.2), call(at=0.3)])
    assert not found("retries.bounded", crossed)
    with pytest.raises(NotSeen):
        found("retries.growing", crossed)


def test_attempts_that_are_signed_anew_are_right() -> None:
    first, second = attempts(0, 1).calls
    later = {**second.headers, "kalshi-access-timestamp": "1762000001000"}
    assert not found("retries.anew", traffic([first, second._replace(headers=later)]))
