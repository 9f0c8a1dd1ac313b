"""A stranger's tour of the terminal in 80 and in 120 columns, compared with what is recorded.

To record it anew, for example after a change of wording: `RECORD_TOUR=1 python -m pytest tests/cli/test_tour.py`, and
read the difference.
"""

import os
import re
from pathlib import Path
from typing import Any

import pytest

from mockexchange.cli.commands import journal, why
from mockexchange.cli.live_view import LiveView
from mockexchange.cli.serve.banner import banner
from mockexchange.cli.server_connection import Server
from mockexchange.venues.kalshi.named_days import api_date
from tests.cli.conftest import COLOUR, AtTerminal
from tests.cli.test_live_view import full, picture

TOURS = Path(__file__).with_name("tours")
FILL = "fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 2, price: 0.60}"
RESTS = "rest: {account: alice, market: RAIN-1, side: no, action: buy, count: 3, price: 0.30, order: mine}"
COMMANDS: tuple[tuple[tuple[str, ...], int], ...] = (
    (("call", "alice", "GET", "/portfolio/balance"), 0),
    (("call", "alice", "GET", "/portfolio/positionz"), 1),
    (("call", "alice", "GET", "/portfolio/fills?limit=0"), 1),
    (("do", FILL, RESTS, "deposit: {account: alice, amount: 25}"), 0),
    (("do", "withdraw: {account: alice, amount: 1000000}"), 1),
    (("journal",), 0),
    (("journal", "3"), 0),
    (("why",), 0),
    (("script", "add", "{name: nudge, every: 1m, times: 2, price: {market: RAIN-1, price: 0.7}}"), 0),
    (("fault", "add", "{name: slow, match: {operation: GetFills}, then: {delay: 1ms}}"), 0),
    (("fault", "list"), 0),
    (("api", "diff", "2025-11", "2025-12"), 0),
    (("api", "diff", "2025-11", "latest", "--operation", "GetBalance"), 0),
)
VARIABLE = (
    (re.compile(r"127\.0\.0\.1:[0-9]+"), "127.0.0.1:8600"),
    (re.compile(r"(timestamp: )[0-9]{13}"), r"\g<1>1762297200000"),
    (re.compile(r"(signature: )[\w+/=]{300,}"), r"\1SIGNATURE"),
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "00000000-0000-0000-0000-000000000000"),
    (re.compile(r"#[0-9]+(?=  )"), "#N"),
    (re.compile(r"/\S+/(?=\w+\.(?:pem|json)\b)"), "/folder/"),
)
"""What differs from run to run: ports, signatures, ids, numbers in the log, and folders."""


def settled(text: str) -> str:
    """Return a text without what differs from run to run, and without spaces at the ends of lines."""
    for pattern, instead in VARIABLE:
        text = pattern.sub(instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def tour(width: int, at_terminal: AtTerminal, server: Server, sandbox: str) -> str:
    """Return what a stranger sees: the banner, a command after the other, and `watch`."""
    parts = [
        "$ mockexchange serve\n",
        COLOUR.sub("", banner(server.ready, api_date("compat"), server.ready_file)),
        "\n",
    ]
    for arguments, code in COMMANDS:
        is_local = arguments[0] == "api"
        text = at_terminal(width, *arguments, *(() if is_local else ("--sandbox", sandbox)), code=code)
        parts += [f"\n$ mockexchange {' '.join(arguments)}\n", text]
    view: LiveView = full()
    view.has_keys = True
    view.sample_profit()
    parts += ["\n$ mockexchange watch\n", "\n".join(picture(view, 30, width))]
    return settled("".join(parts))


def fetch(server: Server, sandbox: str, path: str, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Return rows of the control API with the same latency everywhere, on which the widths of columns depend."""
    rows: list[dict[str, Any]] = server.ask_sandbox("GET", sandbox, path, query=query)
    return [{**row, "latency_us": 3_200} if "latency_us" in row else row for row in rows]


@pytest.mark.parametrize("width", [80, 120])
def test_the_tour_is_as_recorded(
    width: int, at_terminal: AtTerminal, server: Server, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command in (journal, why):
        monkeypatch.setattr(command, "fetch", fetch)
    recorded = TOURS / f"{width}.txt"
    seen = tour(width, at_terminal, server, sandbox)
    if os.environ.get("RECORD_TOUR"):
        recorded.write_text(seen, encoding="utf-8")
    assert seen.splitlines() == recorded.read_text(encoding="utf-8").splitlines()


def test_nothing_that_is_a_table_is_wider_than_the_terminal() -> None:
    """Lines to copy, such as ids, and bodies are as long as they are."""
    for width in (80, 120):
        text = (TOURS / f"{width}.txt").read_text(encoding="utf-8")
        tables = [part for part in text.split("\n$ mockexchange ") if part.startswith(("do ", "why", "api ", "watch"))]
        shown = [line for part in tables for line in part.splitlines()[1:] if not line.startswith("#N")]
        assert max(map(len, shown)) <= width
