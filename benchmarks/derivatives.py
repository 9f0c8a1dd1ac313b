"""A book with positions of every kind of contract, how each venue of derivatives is asked for it, and its baseline."""

import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from benchmarks.world import ACCOUNT, SECOND, START_S, SUBACCOUNT_REF, Timed
from mockexchange.core.commands import Command, ListDerivative, OpenHolding, SetIndex
from mockexchange.core.derivatives.derivative import Greeks, Terms
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Form, OptionType, Period

KEY_ID = "bench"
SECRET = "YmVuY2htYXJrLXNlY3JldC0wMTIzNDU2Nzg5"
NONCE = "n0nce"
KINDS = 4
EXPIRES_AFTER_US = 3_650 * 86_400 * SECOND

COINS = {"contract_size": Decimal("0.1"), "amount_min": Decimal("0.1")}
DOLLARS = {"contract_size": Decimal(10), "amount_min": Decimal(10)}


def scenario(venue: str) -> str:
    """An account of that venue, whose one key has a secret that is known here."""
    return f"""
scenario: bench
start: {datetime.fromtimestamp(START_S, UTC):%Y-%m-%dT%H:%M:%SZ}
deribit: {{signature_window: 1h}}
signalplus: {{window: 1h}}
accounts: {{{ACCOUNT}: {{venue: {venue}, keys: {{main: {{key_id: {KEY_ID}, secret: {SECRET}}}}}}}}}
"""


def positions(count: int, start: int) -> Iterator[Timed]:
    """The whole world, of one currency: a quarter each are futures, perpetuals, calls and puts; a third are short."""
    yield start, SetIndex(index="btc_usd", price=Decimal("113853.63"))
    for number in range(count):
        for command in _position(number, start + EXPIRES_AFTER_US):
            yield start, command


def _position(number: int, expires_at: int) -> Iterator[Command]:
    """A contract with its holding."""
    kind = number % KINDS
    sign = -1 if number % 3 == 0 else 1
    if kind < KINDS // 2:
        terms = _terms(f"BTC-{number}", DerivativeKind.FUTURE, None if kind else expires_at, **DOLLARS)
        yield ListDerivative(terms=terms, mark=Decimal("113882.95") + number, settlement=Decimal("115600.09"))
        size, average = Decimal(10 * (number + 1)), Decimal("110957.5")
    else:
        words = {"strike": Decimal(100_000 + 500 * number), "option_type": list(OptionType)[kind % 2]}
        terms = _terms(f"BTC-{number}-OPTION", DerivativeKind.OPTION, expires_at, **words, **COINS)
        greeks = Greeks(delta=Decimal("0.4321"), gamma=Decimal("0.00001"), vega=Decimal("55.1"), theta=Decimal("-31.7"))
        yield ListDerivative(terms=terms, mark=Decimal("0.0105"), settlement=Decimal("0.0125"), greeks=greeks)
        size, average = Decimal(number + 1) / 10, Decimal("0.0137")
    yield OpenHolding(subaccount_ref=SUBACCOUNT_REF, derivative=terms.name, size=sign * size, average_price=average)


def _terms(name: str, kind: DerivativeKind, expires_at: int | None, **more: Any) -> Terms:
    return Terms(
        name=name,
        kind=kind,
        form=Form.INVERSE,
        base="BTC",
        quote="USD",
        index="btc_usd",
        period=Period.MONTH if expires_at else Period.PERPETUAL,
        tick=Decimal("0.0005"),
        maker_fee=Decimal(0),
        taker_fee=Decimal(0),
        expires_at=expires_at,
        **more,
    )


class Case(NamedTuple):
    """A venue: how its positions are asked for, and who checks a request as plainly as can be."""

    name: str
    path: str
    request: Callable[[int], bytes]
    """By the port."""
    is_signed: Callable[[Request], bool]


DERIBIT_PATH, SIGNALPLUS_PATH = "/api/v2/private/get_positions", "/signalplus/api"
DERIBIT_QUERY = "currency=BTC"
SIGNALPLUS_BODY = b'{"rid":50002,"method":"private/get_positions","params":{"currency":"BTC"}}'


def _deribit_request(port: int) -> bytes:
    timestamp, target = _now(), f"{DERIBIT_PATH}?{DERIBIT_QUERY}"
    signature = _digest(SECRET.encode(), f"{timestamp}\n{NONCE}\nGET\n{target}\n\n").hex()
    head = f"deri-hmac-sha256 id={KEY_ID},ts={timestamp},nonce={NONCE},sig={signature}"
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {head}\r\n\r\n".encode()


def _deribit_is_signed(request: Request) -> bool:
    """Reads the parts of the header in the order in which they are sent."""
    parts = request.headers["authorization"].removeprefix("deri-hmac-sha256 ").split(",")
    key_id, timestamp, nonce, signature = (part.partition("=")[2] for part in parts)
    text = f"{timestamp}\n{nonce}\n{request.method}\n{request.url.path}?{request.url.query}\n\n"
    return key_id == KEY_ID and hmac.compare_digest(_digest(SECRET.encode(), text).hex(), signature)


def _signalplus_request(port: int) -> bytes:
    timestamp = _now()
    signature = b64encode(_digest(b64decode(SECRET), f"{timestamp}\n{NONCE}")).decode()
    head = (
        f"POST {SIGNALPLUS_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {KEY_ID}\r\n"
        f"SignalPlus-API-Timestamp: {timestamp}\r\nSignalPlus-API-Nonce: {NONCE}\r\n"
        f"SignalPlus-API-Signature: {signature}\r\nContent-Length: {len(SIGNALPLUS_BODY)}\r\n\r\n"
    )
    return head.encode() + SIGNALPLUS_BODY


def _signalplus_is_signed(request: Request) -> bool:
    headers = request.headers
    text = f"{headers['signalplus-api-timestamp']}\n{headers['signalplus-api-nonce']}"
    signature = b64encode(_digest(b64decode(SECRET), text)).decode()
    is_known = headers["authorization"] == f"Bearer {KEY_ID}"
    return is_known and hmac.compare_digest(signature, headers["signalplus-api-signature"])


CASES = {
    case.name: case
    for case in (
        Case("deribit", DERIBIT_PATH, _deribit_request, _deribit_is_signed),
        Case("signalplus", SIGNALPLUS_PATH, _signalplus_request, _signalplus_is_signed),
    )
}


def baseline_endpoint(case: Case, body: bytes) -> Callable[[Request], Any]:
    """Reads the request, verifies one HMAC, returns the bytes."""

    async def endpoint(request: Request) -> Response:
        await request.body()
        return Response(body, media_type="application/json") if case.is_signed(request) else Response(status_code=401)

    return endpoint


def _digest(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _now() -> str:
    return str(int(time.time() * 1000))
