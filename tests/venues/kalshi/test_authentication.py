"""Authentication of REST requests: the window of timestamps, headers, keys and signatures."""

import re

import pytest

from mockexchange.core.commands import AddKey
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.venues.kalshi.authentication import known_keys
from mockexchange.venues.keys.development_keys import derive_ed25519
from mockexchange.venues.request import Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import MILLISECOND, POSITIONS, PREFIX, SMALL, WALL, do, load_key, make, signed
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import Body
from tests.venues.kalshi.keyring import sign, spell
from tests.venues.kalshi.rest_answers import ask, at, refusal, why

FCM = f"{PREFIX}/fcm/positions"
SECOND = 1_000_000


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    return make()


WINDOW = [
    (-15 * SECOND, True),
    (-15 * SECOND - MILLISECOND, False),
    (0, True),
    (45 * SECOND, True),
    (45 * SECOND + MILLISECOND, False),
]


@pytest.mark.parametrize(("offset", "fits"), WINDOW)
def test_the_window_of_a_timestamp(sandbox: Sandbox, offset: int, fits: bool) -> None:
    answer = ask(sandbox, at=WALL + offset)
    assert answer.status == (200 if fits else 401)
    assert fits or answer.body == bodies.EXPIRED.strict.encode()
    assert fits or ("behind" if offset < 0 else "ahead of") in why(answer)


def test_a_scenario_may_have_another_window() -> None:
    sandbox = make(SMALL + "auth: {past: 1h, future: 0s}\n")
    offsets = (-3_600 * SECOND, -3_600 * SECOND - MILLISECOND, 0, MILLISECOND)
    assert [ask(sandbox, at=WALL + offset).status for offset in offsets] == [200, 401, 200, 401]


def test_the_window_is_on_exchange_time_if_asked() -> None:
    sandbox = make(SMALL + "auth: {clock: exchange}\n")
    assert ask(sandbox).status == 401
    assert ask(sandbox, at=sandbox.clock.now()).status == 200
    sandbox.clock.advance(60 * SECOND)
    assert ask(sandbox, at=sandbox.clock.now() - 60 * SECOND).status == 401


@each_row("salt", [0, 20, 32, 64, 222])
@each_row("setting", ["any", "32"])
def test_a_salt_of_another_length_is_told_or_refused(salt: int, setting: str) -> None:
    answer = ask(make(SMALL + f'auth: {{salt: "{setting}"}}\n'), salt=salt)
    told = (
        [] if salt == 32 else [rf"^the signature verifies with a salt of {salt} bytes.*; the documented length is 32$"]
    )
    if told and setting == "32":
        assert refusal(answer) == at(bodies.BAD_SIGNATURE)
        assert re.search(told[0], why(answer))
    else:
        assert answer.status == 200
        assert [bool(re.search(*pair)) for pair in zip(told, answer.findings, strict=True)] == [True] * len(told)


def unsigned(sandbox: Sandbox, **headers: str) -> Request:
    key = sandbox.credentials()[0].key_id
    given = {"kalshi-access-key": key, **{name.replace("_", "-"): text for name, text in headers.items()}}
    return Request("GET", POSITIONS, "", tuple((name.encode(), text.encode()) for name, text in given.items()))


def test_auth_can_be_off_for_known_keys() -> None:
    sandbox = make(SMALL + "auth: {mode: off}\n")
    for request in (
        unsigned(sandbox),
        unsigned(sandbox, kalshi_access_timestamp="yesterday", kalshi_access_signature="nonsense"),
        signed(sandbox, at=0),
    ):
        assert sandbox.answer(request)[0].status == 200
    assert refusal(sandbox.answer(Request("GET", POSITIONS))[0]) == at(bodies.NO_CREDENTIALS)
    unknown = Request("GET", POSITIONS, "", ((b"kalshi-access-key", b"nobody"),))
    assert refusal(sandbox.answer(unknown)[0]) == at(bodies.UNKNOWN_KEY)
    assert refusal(ask(sandbox, who="alice/writer")) == at(bodies.FORBIDDEN)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"key": "nobody", "timestamp": "0", "signature": "x"}, bodies.UNKNOWN_KEY),
        ({"timestamp": "0", "signature": "x"}, bodies.EXPIRED),
        ({"signature": "x"}, bodies.BAD_SIGNATURE),
        ({"key": "nobody", "timestamp": "", "signature": "x"}, bodies.EXPIRED),
        ({"key": "nobody", "signature": ""}, bodies.NO_SIGNATURE),
        ({"key": "", "timestamp": "", "signature": ""}, bodies.NO_CREDENTIALS),
    ],
)
def test_headers_are_checked_before_the_key_the_timestamp_and_the_signature(
    sandbox: Sandbox, changes: dict[str, str], wanted: Body
) -> None:
    headers = {f"kalshi-access-{name}".encode(): text.encode() for name, text in changes.items()}
    assert refusal(ask(sandbox, headers=headers)) == at(wanted)


def test_parameters_are_looked_at_last(sandbox: Sandbox) -> None:
    answer = ask(sandbox, f"{POSITIONS}?limit=0", headers={b"kalshi-access-signature": b"x"})
    assert answer.status == 401
    assert refusal(ask(sandbox, f"{POSITIONS}?limit=0", "alice/writer")) == at(bodies.FORBIDDEN)
    assert refusal(ask(sandbox, f"{FCM}?limit=0")) == at(bodies.FORBIDDEN)


def test_a_signature_may_be_sent_again_inside_the_window(sandbox: Sandbox) -> None:
    request = signed(sandbox)
    assert [sandbox.answer(request)[0].status for _ in range(3)] == [200, 200, 200]


def test_ed25519_keys_sign_too() -> None:
    sandbox = make()
    pair = derive_ed25519("test")
    assert pair.private_pem
    do(sandbox, AddKey(account="alice", key="ed", key_id="ed", public_key=pair.public_pem))
    stamp = str(WALL // MILLISECOND)
    signature = spell(sign(load_key(pair.private_pem), f"{stamp}GET{POSITIONS}"))
    headers = {"kalshi-access-key": "ed", "kalshi-access-timestamp": stamp, "kalshi-access-signature": signature}
    request = Request(
        "GET", POSITIONS, "limit=1", tuple((name.encode(), text.encode()) for name, text in headers.items())
    )
    assert sandbox.answer(request)[0].status == 200
    assert {key.name for key in known_keys(sandbox.exchange.state)} == {"main", "only_3", "writer", "st1", "ed"}
