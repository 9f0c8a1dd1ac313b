"""What goes wrong with a stream in docs/clients.md, and what a client and its user make of it, as tried."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from tests.clients.exchange import Control, Sandbox
from tests.clients.listeners import Listener, Streamer
from tests.clients.processes import Peer
from tests.clients.reactions import knowledge, reactions

Rule = Mapping[str, Any]
Step = Mapping[str, Any]
STEP_SECONDS = 1

SCENARIO = """
scenario: disturbances
start: 2025-11-03T00:00:00Z
accounts:
  alice: {cash: 1000}
markets:
  KXMOVE-A: {event: KXMOVE, series: KXMOVE, title: Moves, price: 0.50, book: {yes: [[0.49, 10]], no: [[0.49, 10]]}}
  KXMARK-A: {event: KXMARK, series: KXMARK, title: Tells that a connection lives, price: 0.01}
"""
MOVING, MARKER = "KXMOVE-A", "KXMARK-A"
COUNTS = ("1", "2", "4")
POSITIONS = (1, 3, 7)
"""Positions after each of three fills; every sum shows which fills were reported."""
PING_SECONDS = 0.5
"""In place of the tens of seconds after which the clients find a silent connection dead."""
PATIENCE_SECONDS = 0.5
"""In place of the 5 s for which kalshi-sdk waits for an acknowledgement; the others do not wait."""


class Trial(NamedTuple):
    """A client that is about to listen to a sandbox of its own, whose script disturbs the stream."""

    listener: Listener
    sandbox: Sandbox
    options: Mapping[str, float]

    def listen(self, *channels: str) -> None:
        """Open the stream, and subscribe to what is disturbed and to the marker."""
        assert self.listener.open(**self.options) == {}
        self.listener.subscribe(*channels, tickers=[MOVING])
        self.listener.subscribe("ticker", tickers=[MARKER])

    def go_on(self) -> None:
        """Have the next steps of the script carried out."""
        self.sandbox.advance(f"{STEP_SECONDS}s")


class Disturbance(NamedTuple):
    words: str
    """How the page calls it."""
    script: tuple[tuple[Step, ...], ...]
    """What happens at once, each time that the trial goes on."""
    measure: Callable[[Trial], Sequence[str]]
    options: Mapping[str, float] = {}
    """Of the client's driver."""

    @property
    def scenario(self) -> str:
        at = enumerate(self.script, start=1)
        entries = [{"after": f"{place * STEP_SECONDS}s", **step} for place, steps in at for step in steps]
        return f"{SCENARIO}script: {json.dumps(entries)}\n"


def try_out(control: Control, streamer: Streamer, peer: Peer, disturbance: Disturbance) -> str:
    """Return what a client, at its own date, makes of it: a cell of the page."""
    sandbox = control.open(disturbance.scenario, streamer.api_date, "paused")
    listener = Listener(peer, sandbox, "alice")
    found = disturbance.measure(Trial(listener, sandbox, disturbance.options))
    listener.close()
    sandbox.delete()
    return "; ".join(found)


def while_it_listens(trial: Trial) -> list[str]:
    """Three fills: one before the rules, one that they strike, one when it is all over."""
    listener = trial.listener
    trial.listen("fill", "market_positions")
    trial.go_on()
    listener.received("ticker", 1)
    trial.go_on()
    if listener.first({"ticker": 2, "resumed": 1, "ended": 3, "raised": 1}) in {"ticker", "resumed"}:
        heard = len(listener.received("ticker"))
        trial.go_on()
        listener.received("ticker", heard + 1)
    return [*reactions(listener), *knowledge(listener, POSITIONS)]


def while_it_follows_a_book(trial: Trial) -> list[str]:
    """Three changes of a level: one before the rules, one that they strike, one by which it can be noticed.

    A client that subscribes again hears the marker of the third before the book: the fourth comes after it.
    """
    listener = trial.listener
    trial.listen("orderbook_delta")
    trial.go_on()
    listener.received("ticker", 1)
    trial.go_on()
    for marker in (2, 3, 4):
        if listener.first({"ticker": marker, "raised": 1}) == "ticker":
            trial.go_on()
    found = [*reactions(listener)]
    if len(listener.received("orderbook_snapshot")) > 1:
        found.append("subscribes again, and gets a new snapshot")
    if not found:
        reported = len(listener.received("orderbook_delta"))
        found.append({2: "never reports it", 3: "delivers it once", 4: "delivers it twice"}[reported])
    return found


def while_it_subscribes(trial: Trial) -> list[str]:
    """Two fills: one while the client waits to be acknowledged, one after that."""
    listener = trial.listener
    trial.listen("fill")
    trial.go_on()
    listener.begin_subscribing("market_positions", [MOVING])
    # The third command: two channels are acknowledged.
    trial.sandbox.wait_for(frame={"direction": "in", "contains": {"cmd": "subscribe"}, "times": 3})
    trial.go_on()
    answer = listener.finish()
    # Where the first marker was lost, the second is the first.
    heard = len(listener.received("ticker"))
    trial.go_on()
    listener.received("ticker", heard + 1)
    found = [f"raises {answer['error'].partition(':')[0]}"] if "error" in answer else []
    reported = [len(listener.received(kind)) for kind in ("fill", "market_position")]
    return [*found, "loses nothing" if reported == [2, 2] else "loses earlier messages, on every channel"]


def while_it_connects(trial: Trial) -> list[str]:
    """It is refused once, and let in from then on."""
    trial.go_on()
    answer = trial.listener.open()
    return [f"raises {answer['error'].partition(':')[0]}"] if "error" in answer else ["retries by itself"]


# --- scripts


def mark(place: int) -> Step:
    """Return a price of the marker, whose ticker shows that the stream is alive."""
    return {"price": {"market": MARKER, "price": f"0.{2 + place:02}"}}


def move(place: int) -> tuple[Step, ...]:
    """The first, second or third fill."""
    words = {"account": "alice", "market": MOVING, "side": "yes", "action": "buy", "price": "0.50"}
    return {"fill": {**words, "count": COUNTS[place]}}, mark(place)


def bid(place: int) -> tuple[Step, ...]:
    """The first, second or third change of one level of the book."""
    levels = {"yes": [["0.49", str(11 + place)]], "no": [["0.49", "10"]]}
    return {"orderbook": {"market": MOVING, **levels}}, mark(place)


def once(channel: str, effect: Rule) -> Rule:
    return {"match": {"account": "alice", "channel": channel}, "times": 1, "then": effect}


def refusal(status: int) -> Rule:
    return {"match": {"account": "alice"}, "times": 1, "then": {"refuse": status}}


def faults(*rules: Rule) -> tuple[Step, ...]:
    return tuple({"fault": rule} for rule in rules)


def breaking(words: str, effect: Rule, *more: Rule, **options: float) -> Disturbance:
    """The connection goes between the second fill and what it makes of the position."""
    script = move(0), (*faults(once("fill", effect), *more), *move(1)), move(2)
    return Disturbance(words, script, while_it_listens, options)


def spoiling(words: str, effect: Rule) -> Disturbance:
    """A fault in the message of the second position."""
    script = move(0), (*faults(once("market_positions", effect)), *move(1)), move(2)
    return Disturbance(words, script, while_it_listens)


def late(words: str, delay: str, **options: float) -> Disturbance:
    """A channel is acknowledged late."""
    script = faults(once("market_positions", {"late_ack": delay})), move(0), move(1)
    return Disturbance(words, script, while_it_subscribes, options)


def in_book(words: str, effect: Rule) -> Disturbance:
    """A fault in the message of the second change of an order book."""
    script = bid(0), (*faults(once("orderbook_delta", effect)), *bid(1)), bid(2), (mark(3),)
    return Disturbance(words, script, while_it_follows_a_book)


DISTURBANCES = {
    "refusal": Disturbance("the handshake is refused with 401", (faults(refusal(401)),), while_it_connects),
    "late_ack": late("an acknowledgement comes late", "1s"),
    "too_late_ack": late("it comes after the client's timeout", "2s", ack_seconds=PATIENCE_SECONDS),
    "restart": breaking("the exchange closes with 1012, as when it restarts", {"close": 1012}),
    "maintenance": breaking("it closes with 1012, and refuses the next handshake", {"close": 1012}, refusal(502)),
    "goodbye": breaking("it closes with 1000", {"close": 1000}),
    "going_away": breaking("it closes with 1001", {"close": 1001}),
    "policy": breaking("it closes with 1008", {"close": 1008}),
    "own_code": breaking("it closes with 4000", {"close": 4000}),
    "abort": breaking("the connection breaks without a close", {"abort": True}),
    "stall": breaking("the exchange sends nothing, and answers no ping", {"stall": True}, ping_seconds=PING_SECONDS),
    "duplicate": spoiling("a position is sent twice", {"duplicate": True}),
    "gap": spoiling("a position is lost", {"gap": True}),
    "reorder": spoiling("two positions are reordered", {"reorder": True}),
    "silent_channel": spoiling("a channel sends nothing", {"silent_channel": True}),
    "error_10": spoiling("a channel ends with error 10", {"terminal": 10}),
    "error_25": spoiling("a channel ends with error 25", {"terminal": 25}),
    "book_gap": in_book("a change of an order book is lost", {"gap": True}),
    "book_duplicate": in_book("a change of an order book is sent twice", {"duplicate": True}),
}
