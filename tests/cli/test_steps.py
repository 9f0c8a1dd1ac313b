"""`do` and `advance`: the exchange moved from the command line."""

import json

from mockexchange.cli.event_format import event_row
from mockexchange.cli.server_connection import Server
from mockexchange.sandbox.state_json.events import event_of
from mockexchange.scenario.keys import make_pair
from tests.cli.conftest import AtTerminal, Cli
from tests.commands.examples import EVENTS

FILL = "fill: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1.5, price: 0.56}"
TOO_MUCH = "withdraw: {account: alice, amount: 1000000}"


def quantity(server: Server, sandbox: str) -> str:
    (row,) = server.ask_sandbox("GET", sandbox, "/accounts/alice/positions")
    return str(row["quantity"])


def test_what_happened_is_printed(cli: Cli, server: Server, sandbox: str) -> None:
    lines = cli("do", FILL, "--sandbox", sandbox).stdout.splitlines()
    assert lines[0].startswith("#")
    assert "  2025-11-04 23:00:00.000  fill  order " in lines[0]
    assert lines[1:] == [
        "  order changed     alice  RAIN-1  executed, 1.50 of 1.50 at 0.56",
        "  filled            alice  RAIN-1  buy yes 1.50 at 0.56, fee 0.00",
        "  position changed  alice  RAIN-1  11.50, cost 6.44, realized 0.00, fees 0.00",
        "  traded                   RAIN-1  1.50 at 0.56 for yes, taker no",
    ]
    assert quantity(server, sandbox) == "11.50"


def test_a_refusal_is_plain_and_the_other_steps_are_done(cli: Cli, server: Server, sandbox: str) -> None:
    result = cli("do", FILL, TOO_MUCH, FILL, "--sandbox", sandbox, code=1)
    heads = [line for line in result.stdout.splitlines() if not line.startswith("  ")]
    assert [head.split()[3] for head in heads] == ["fill", "withdraw", "fill"]
    (refused,) = [line for line in result.stdout.splitlines() if "refused" in line]
    assert refused.startswith("  refused: insufficient_cash: alice has ")
    assert quantity(server, sandbox) == "13.00"


def test_programs_get_json_a_step(cli: Cli, sandbox: str) -> None:
    printed = cli("do", FILL, TOO_MUCH, "--json", "--sandbox", sandbox, code=1).stdout.splitlines()
    filled, refused = map(json.loads, printed)
    assert [event["type"] for event in filled["events"]] == ["order_changed", "filled", "position_changed", "traded"]
    assert refused["refusal"]["code"] == "insufficient_cash"


def test_every_event_has_a_line() -> None:
    """The templates name facts that the events have."""
    for shown in map(event_of, EVENTS):
        what, _, _, facts = event_row(shown)
        assert what == shown["type"].replace("_", " ")
        assert "None" not in facts


def test_no_fact_is_cut_at_a_terminal(at_terminal: AtTerminal, sandbox: str) -> None:
    """What does not fit is in lines of its own, below its column."""
    lines = at_terminal(60, "do", FILL, "--sandbox", sandbox).splitlines()
    place = next(line for line in lines if line.startswith("  position changed")).index("11.50")
    assert "  position changed  alice  RAIN-1  11.50, cost 6.44," in lines
    assert f"{' ' * place}realized 0.00, fees 0.00" in lines
    assert max(map(len, lines[1:])) <= 60


def test_an_id_is_whole_on_a_narrow_terminal(at_terminal: AtTerminal, sandbox: str) -> None:
    rest = "rest: {account: alice, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.50, order: mine}"
    at_terminal(80, "do", rest, "--sandbox", sandbox)
    order = "-".join(["0123456789"] * 5)
    at_terminal(80, "do", rest.replace("mine", order), "--sandbox", sandbox)
    shown = at_terminal(80, "do", "settle: {market: RAIN-1, result: yes}", "--sandbox", sandbox)
    assert f"      order {order}" in shown.splitlines()
    assert max(map(len, shown.splitlines()[1:])) <= 80


def test_an_event_has_something_in_its_line() -> None:
    """Its id, if it has nothing else; and values that are mappings are words."""
    assert event_row({"type": "order_canceled", "order_id": "o1"}) == ("order canceled", "", "", "order o1")
    assert event_row({"type": "order_canceled", "order_id": "o1", "market": "M"})[2:] == ("M", "")
    settled = {"type": "session_settled", "prices": {"BTC-PERPETUAL": "114250", "ETH-PERPETUAL": "4101.5"}, "x": [1, 2]}
    assert event_row({"type": "session_settled", "prices": {}})[3] == ""
    assert event_row(settled)[3] == "prices BTC-PERPETUAL 114250, ETH-PERPETUAL 4101.5, x 1, 2"


def test_one_step_that_cannot_be_read_stops_all(cli: Cli, server: Server, sandbox: str) -> None:
    line = cli("do", FILL, FILL.replace("0.56", "cheap"), "--sandbox", sandbox, code=2).stderr
    assert line.startswith("mockexchange do: step 2: fill.price: expected a price ")
    assert line.endswith(", got 'cheap'\n")
    assert quantity(server, sandbox) == "10.00"


def test_scalars_travel_as_text(cli: Cli, server: Server, sandbox: str) -> None:
    step = "{market: {market: 12:30, event: on, series: 1e3, price: 0.10}}"
    stdout = cli("do", step, "--sandbox", sandbox).stdout
    assert "  market listed  12:30  event on, series 1e3\n" in stdout
    assert cli("do", "cancel: {order: 007}", "--sandbox", sandbox, code=1).stdout.count("'007'") == 1


def test_lists_and_texts_of_many_lines_travel_whole(cli: Cli, sandbox: str) -> None:
    pem = json.dumps(make_pair("ed25519").public_pem)
    step = f"key: {{account: alice, key: extra, key_id: '007', scopes: [read, write], public_key: {pem}}}"
    assert "key extra, key_id 007" in cli("do", step, "--sandbox", sandbox).stdout


def test_time_moves_by_what_is_asked(cli: Cli, server: Server, sandbox: str) -> None:
    whose = f"sandbox {sandbox} of scenario {server.ask_sandbox('GET', sandbox)['scenario']}"
    assert cli("advance", "1h30m", "--sandbox", sandbox).stdout == f"2025-11-05T00:30:00Z (paused), {whose}\n"
    assert cli("advance", "250ms", "--sandbox", sandbox).stdout == f"2025-11-05T00:30:00.25Z (paused), {whose}\n"


def test_without_a_sandbox_it_is_the_default_one(cli: Cli, server: Server) -> None:
    before = server.ask_sandbox("GET", "default")["commands"]
    cli("do", TOO_MUCH, code=1)
    assert server.ask_sandbox("GET", "default")["commands"] == before + 1
