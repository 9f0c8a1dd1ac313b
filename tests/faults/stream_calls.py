"""Streams whose calls are disturbed: rules, logins, calls and what the journal has of them."""

from decimal import Decimal
from typing import Any

from mockexchange.core.commands import TradeDerivative
from mockexchange.core.derivatives.vocabulary import Direction
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.scenario.fault_rules import FAULT
from mockexchange.scenario.located_text import read_yaml
from tests.helpers.derivatives import WORLD, Socket, credential_of, deribit_stream, signalplus_stream
from tests.helpers.sandboxes import make, run

SECOND = 1_000_000
POSITIONS = "private/get_positions"
CHANGES = "user.changes.any.any.raw"
BUY = TradeDerivative(
    subaccount_ref=SubaccountRef("dora"),
    derivative="BTC-PERPETUAL",
    direction=Direction.BUY,
    amount=Decimal(10),
    price=Decimal(113_000),
)
Plain = dict[str, Any]


class Host:
    """A host clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1_780_000_000 * SECOND

    def __call__(self) -> int:
        return self.now


def install(sandbox: Sandbox, *rules: str) -> None:
    for rule in rules:
        run(sandbox.faults.install(FAULT.read(read_yaml(f"{{{rule}}}", "f"), "")))


def faulty(*rules: str, text: str = WORLD, **options: Any) -> tuple[Sandbox, Socket]:
    """Return a world in which dora has logged in on a stream before the rules are installed."""
    sandbox = make(text, **options)
    socket = deribit_stream(sandbox)
    install(sandbox, *rules)
    return sandbox, socket


def at_signalplus(*rules: str) -> tuple[Sandbox, Socket]:
    sandbox = make(WORLD)
    socket = signalplus_stream(sandbox, CHANGES)
    install(sandbox, *rules)
    return sandbox, socket


def code_of(told: list[Plain]) -> int | None:
    [one] = told
    code: int | None = one.get("error", {}).get("code")
    return code


def positions(socket: Socket) -> list[Plain]:
    return socket.say(POSITIONS, currency="any")


def marks(told: list[Plain]) -> list[float]:
    return [row["mark_price"] for one in told for row in one["result"]]


def last(sandbox: Sandbox, direction: str = "out") -> Any:
    return [frame for frame in sandbox.journal.frames if frame.direction == direction][-1]


def log_in(socket: Socket, **more: Any) -> list[Plain]:
    one = credential_of(socket.sandbox, "dora")
    said = {"grant_type": "client_credentials", "client_id": one.key_id, "client_secret": one.secret, **more}
    return socket.say("public/auth", **said)
