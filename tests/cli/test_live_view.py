"""The display of `watch`: what it shows of events and positions, and that it fits."""

import re
from decimal import Decimal
from io import StringIO
from typing import Any

from rich.console import Console

from mockexchange.cli.event_format import LiveEvent
from mockexchange.cli.live_view import LiveView, profit_of, sparkline
from tests.cli.watched_events import COMMAND, FILLED, FIRING, FRAME, REQUEST, TRADED, event
from tests.helpers.rows import each_row


def picture(board: LiveView, height: int = 40, width: int = 110) -> list[str]:
    console = Console(file=StringIO(), width=width, height=height, force_terminal=False)
    console.print(board.show(height, width))
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def row(number: int, **changes: Any) -> dict[str, Any]:
    plain = {
        "account": "alice",
        "book": "0",
        "instrument": f"RAIN-{number}",
        "quantity": f"{number}.00",
        "price": "0.5600",
    }
    rest = dict.fromkeys(("cost", "realized", "fees", "resting"), "0.000000")
    return {**plain, **rest, "settled": False, **changes}


def full(*accounts: str) -> LiveView:
    board = LiveView("default", accounts)
    board.positions = {"alice": [row(1, settled=True), *(row(number) for number in range(2, 60))]}
    for _ in range(30):
        for happened in (event("command", COMMAND), event("request", REQUEST), event("frame", FRAME)):
            board.add_event(happened)
        board.add_event(event("fault", FIRING, name="\x1b[2Jflaky"))
    return board


def test_the_display_shows_everything_at_once() -> None:
    lines = picture(full())
    text = "\n".join(lines)
    assert "default  2025-11-04 23:00:00.000  30 commands  30 requests  30 frames" in lines[0]
    for words in ("RAIN-2", "alice RAIN-1 buy yes 1.00 at 0.56", '{"type":"fill"}', " 200  alice ", "flaky"):
        assert words in text
    assert "\x1b" not in text
    assert re.search(r"and \d+ more", text)
    assert "RAIN-1 " not in next(line for line in lines if line.startswith("alice "))


def contract(name: str, size: str) -> dict[str, Any]:
    rest = dict.fromkeys(("mark_price", "floating", "total", "realized"), "0.123456789012")
    return {
        "account": "dora",
        "book": "0",
        "instrument": name,
        "currency": "BTC",
        "size": size,
        "average_price": "113000",
        **rest,
    }


def test_contracts_have_a_part_of_their_own() -> None:
    board = full()
    board.positions["dora"] = [contract("BTC-FLAT", "0"), contract("BTC-PERPETUAL", "-100")]
    board.add_event(event("command", COMMAND, events=[TRADED]))
    lines = picture(board, height=60, width=140)
    held = [line.split()[1:] for line in lines if line.startswith("dora ")]
    profits = ["0.123456789"] * 4
    assert held == [["BTC-PERPETUAL", "-100", "113000", *profits], ["BTC-FLAT", "0", "113000", *profits]]
    assert "dora BTC-PERPETUAL buy 100 at 113450" in "\n".join(lines)


@each_row("width", [80, 120])
@each_row("height", [5, 12, 24, 40, 80])
def test_the_display_fits(height: int, width: int) -> None:
    board = full()
    board.sample_profit()
    assert len(picture(board, height, width)) <= max(height, 12)
    assert len(picture(LiveView("default"), height)) == 1
    assert not any("…" in line for line in picture(board, height, width))


def test_a_part_has_the_lines_that_others_do_not_need() -> None:
    board = LiveView("default")
    board.positions = {"alice": [row(number) for number in range(1, 25)]}
    board.add_event(event("command", COMMAND))
    lines = picture(board, 32)
    assert "1 command  0 requests  0 frames" in lines[0]
    assert not any(line.startswith("and ") for line in lines)
    assert sum(line.startswith("alice ") for line in lines) == 24
    for _ in range(50):
        board.add_event(event("request", REQUEST))
    lines = picture(board, 32)
    assert 30 <= len(lines) <= 32
    assert sum("GET /" in line for line in lines) > 9
    assert lines[2:][sum(line.startswith("alice ") for line in lines)].startswith("and ")


def test_a_wide_terminal_shows_more_columns() -> None:
    narrow, wide = ("\n".join(picture(full(), width=width)) for width in (80, 120))
    assert "resting" not in narrow
    assert "resting" in wide


def test_steps_done_by_hand_are_shown_and_steps_of_the_script_once() -> None:
    board = LiveView("default")
    moved = [{"type": "cash_moved", "account": "alice", "book": "0", "amount": "5.000000"}]
    board.add_event(event("command", COMMAND, command="Deposit", events=moved))
    board.add_event(
        event("command", COMMAND, seq=8, command="Deposit", events=moved, cause={"step": "pay", "repetition": 1})
    )
    board.add_event(event("script", FIRING, kind="script", name="pay", detail={}))
    text = "\n".join(picture(board))
    assert "23:00:00.000  #7 Deposit: cash moved alice 5.00, now -" in text
    assert "#8" not in text
    assert "23:00:00.000  pay" in text


@each_row(
    ("row", "profit"),
    [
        (row(1, cost="0.5000", fees="0.0100", realized="1.000000"), ("USD", "1.05")),
        (row(-2, quantity="-2.00", cost="0.8000"), ("USD", "0.08")),
        (row(3, price=None, realized="1.000000"), ("USD", "1")),
        (row(4, quantity="0.00", settled=True, realized="-0.300000"), ("USD", "-0.3")),
        (contract("BTC-PERPETUAL", "-100"), ("BTC", "0.123456789012")),
    ],
)
def test_profit_of_a_position_at_its_price(row: dict[str, Any], profit: tuple[str, str]) -> None:
    assert profit_of(row) == (profit[0], Decimal(profit[1]))


@each_row(
    ("values", "width", "bars"),
    [("1 2 3 8", 9, "▁▂▃█"), ("5 5", 9, "▁▁"), ("9 1 2", 2, "▁█"), ("", 9, ""), ("1", 0, "")],
)
def test_a_plot_is_a_line_of_bars(values: str, width: int, bars: str) -> None:
    assert sparkline([Decimal(one) for one in values.split()], width) == bars


def test_profit_is_plotted_for_each_currency() -> None:
    board = LiveView("default")
    for price in ("0.5600", "0.5600", "0.7000"):
        board.positions = {"alice": [row(1, price=price)], "dora": [contract("BTC-PERPETUAL", "1")]}
        board.sample_profit()
    lines = picture(board)
    assert lines[1] == "P&L USD            0.70  ▁█"
    assert lines[2] == "P&L BTC     0.123456789  ▁"
    board.watch_accounts(["dora"])
    assert not any("USD" in line for line in picture(board))


def test_the_display_of_one_account() -> None:
    board = full("alice")
    board.add_event(event("request", REQUEST, account="bob"))
    board.add_event(event("command", COMMAND, events=[{**FILLED, "account": "bob", "market": "SNOW"}, FILLED]))
    lines = picture(board, width=120)
    assert "default of alice" in lines[0]
    assert "31 commands  30 requests" in lines[0]
    assert not any(line.startswith("23:00:00.000  bob SNOW") for line in lines)
    board.add_event(
        LiveEvent("command", {**COMMAND, "refusal": {"code": "unknown_market", "message": "none"}, "events": []})
    )
    assert "refused: unknown_market" in "\n".join(picture(board))
