"""Bad input over a real socket: the venue's status and body at every date, a diagnosis, and nothing else.

After each row: the server has said nothing on stderr, no command is in the log, no position has moved, and a
connection that was open all the while is answered as before.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockexchange.server.http.request_limits import HEAD_BYTES_MAX
from tests.helpers.effort import chosen, examples
from tests.helpers.rows import each_row
from tests.server import hostile
from tests.server.hostile import DATES, FIRST_PAGE, PATH, ROWS
from tests.server.live import PREFIX, Client, Live, SandboxView, serving
from tests.server.wire import NO_REPLY, Connection, Reply, head, request
from tests.venues.kalshi import bodies
from tests.venues.kalshi.bodies import Body

SCENARIO = """
scenario: bad-input
start: 2025-11-04T12:00:00Z
rate_limits: off
{settings}
accounts:
  alice:
    cash: 1000
    subaccounts: {{3: {{cash: 10}}}}
    keys: {{main: {{}}, only_3: {{subaccount: 3}}, writer: {{scopes: [write]}}}}
  desk:
    {{kind: fcm, account_id: fcm7, subtraders: {{st1: {{cash: 500}}, st2: {{}}}},
     keys: {{main: {{}}, st1: {{subtrader: st1}}}}}}
  rival: {{kind: fcm, account_id: fcm8, subtraders: {{st9: {{}}}}}}
markets:
  RAIN-1: {{event: RAIN, series: RAIN, price: 0.56}}
  RAIN-2: {{event: RAIN, series: RAIN, price: 0.21}}
  HEAT-1: {{event: HEAT, series: HEAT, price: 0.34}}
  SNOW-1: {{event: SNOW, series: SNOW, price: 0.5}}
history:
  - fill: {{account: alice, market: RAIN-1, side: yes, action: buy, count: 10, price: 0.56}}
  - fill: {{account: alice, market: RAIN-2, side: no, action: buy, count: 5, price: 0.79}}
  - fill: {{account: alice, market: HEAT-1, side: yes, action: buy, count: 1.37, price: 0.34}}
  - fill: {{account: alice, market: SNOW-1, side: yes, action: buy, count: 2, price: 0.5}}
  - fill: {{account: alice/3, market: RAIN-1, side: yes, action: buy, count: 1, price: 0.56}}
  - fill: {{account: desk/st1, market: RAIN-1, side: yes, action: buy, count: 3, price: 0.56}}
  - settle: {{market: SNOW-1, result: yes}}
"""
BYSTANDER = "/portfolio/positions?limit=2"

Open = Callable[..., SandboxView]


@pytest.fixture(scope="module", params=[uvloop.new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A server as on Linux, and as on Windows, where there is no uvloop."""
    home = tmp_path_factory.mktemp("home")
    with serving(home, SCENARIO.format(settings=""), loop_factory=request.param) as running:
        yield running


@pytest.fixture(scope="module")
def opened(live: Live) -> Iterator[Open]:
    """Makes a sandbox of the scenario once for each date and setting; in the end each is as it was."""
    made: dict[tuple[str, str], SandboxView] = {}
    states: list[Any] = []

    def open_sandbox(date: str, settings: str = "") -> SandboxView:
        key = (date, settings)
        if key not in made:
            made[key] = live.sandbox(f"sandbox-{len(made)}", SCENARIO.format(settings=settings), api_date=date)
            states.append(made[key].state())
        return made[key]

    yield open_sandbox
    assert [sandbox.state() for sandbox in made.values()] == states


@pytest.fixture(scope="module")
def bystander(opened: Open) -> Iterator[Callable[[], Reply]]:
    """A connection that stays open for the whole module."""
    sandbox = opened("compat")
    with Connection(sandbox.port) as connection:
        yield lambda: connection.ask(sandbox.client().get(BYSTANDER))


@pytest.fixture(autouse=True)
def nothing_else_happens(
    bystander: Callable[[], Reply], capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    before = bystander().body
    yield
    assert bystander().body == before
    assert capfd.readouterr().err == ""
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def client_of(sandbox: SandboxView, who: str) -> Client:
    account, _, key = who.partition("/")
    return sandbox.client(account, key)


def plain_page(sandbox: SandboxView, who: str) -> bytes:
    reply = sandbox.ask(client_of(sandbox, who).get("/portfolio/positions"))
    assert reply.status == 200
    return reply.body


def last_entry(sandbox: SandboxView) -> dict[str, Any]:
    """The only entry since the journal was cleared."""
    [entry] = sandbox.journal()
    return entry


@pytest.mark.untraced
@each_row("date", chosen(DATES, "2025-11", "compat"))
@each_row("name", ROWS)
def test_every_row_at_every_date(opened: Open, name: str, date: str) -> None:
    sandbox, row = opened(date), ROWS[name]
    wanted = row.wanted_at(date)
    if wanted is FIRST_PAGE:
        wanted = plain_page(sandbox, row.who)
    sandbox.call("DELETE", "/journal")
    before = sandbox.glance()
    reply = sandbox.ask(row.say(client_of(sandbox, row.who)))
    assert (reply.status, reply.body) == (
        (wanted.status, wanted.at(date)) if isinstance(wanted, Body) else (200, wanted)
    )
    assert reply.headers["x-mock-exchange"] == "1"
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    check_told(row.told_at(date), reply, last_entry(sandbox))
    assert sandbox.glance() == before


def check_told(told: str, reply: Reply, entry: dict[str, Any]) -> None:
    """The journal has the answer, and why; the header has the same in ASCII."""
    assert (entry["status"], entry["answer"]) == (reply.status, reply.body.decode())
    if reply.status == 200:
        assert entry["diagnosis"] is None
        assert reply.diagnosis == ""
        assert told in " ".join(entry["findings"])
        assert bool(told) is bool(entry["findings"])
    else:
        assert told in entry["diagnosis"]
        assert reply.diagnosis == entry["diagnosis"].replace("\0", r"\x00").encode("ascii", "backslashreplace").decode()


def test_the_table_has_every_status_of_the_venue() -> None:
    wanted = [row.wanted_at(date) for row in ROWS.values() for date in DATES]
    assert {one.status for one in wanted if isinstance(one, bodies.Body)} == {400, 401, 403, 404, 405, 414}


@pytest.mark.parametrize("setting", ["403", "404", "empty"])
@pytest.mark.parametrize("date", DATES)
def test_a_plain_member_gets_what_the_scenario_says(opened: Open, date: str, setting: str) -> None:
    sandbox = opened(date, f'fcm: {{plain_member: "{setting}"}}')
    reply = sandbox.ask(sandbox.client().get("/fcm/positions?subtrader_id=fcm7_st1"))
    not_found = bodies.NOT_FOUND_2025 if date == "2025-11" else bodies.NOT_FOUND
    wanted = {
        "403": (403, bodies.FORBIDDEN.at(date)),
        "404": (404, not_found.at(date)),
        "empty": (200, bodies.EMPTY_PAGE),
    }
    assert (reply.status, reply.body) == wanted[setting]
    entry = sandbox.journal("?last=1")[0]
    assert "alice is a plain member" in (entry["diagnosis"] or entry["findings"][0])


@pytest.mark.parametrize(
    ("date", "settings", "crossing", "other"),
    [
        ("2025-11", "", 200, 200),
        ("2026-10", "", 400, 200),
        ("compat", "", 200, 200),
        ("2025-11", "strict_cursors: true", 400, 400),
        ("2026-10", "strict_cursors: true", 400, 400),
        ("compat", "strict_cursors: true", 400, 400),
    ],
)
def test_a_cursor_under_other_filters(opened: Open, date: str, settings: str, crossing: int, other: int) -> None:
    sandbox = opened(date, settings)
    alice = sandbox.client()
    first = sandbox.ask(alice.get("/portfolio/positions?limit=1"))
    cursor = first.body.split(b'"')[3].decode()
    asked = {"settlement_status=all": crossing, "count_filter=position": other, "ticker=RAIN-2": other}
    for query, status in asked.items():
        reply = sandbox.ask(alice.get(f"/portfolio/positions?limit=1&cursor={cursor}&{query}"))
        entry = sandbox.journal("?last=1")[0]
        assert reply.status == status, query
        assert "the cursor was made under other filters" in (entry["diagnosis"] or entry["findings"][0])
        assert reply.body != first.body
        assert status == 200 or reply.body == bodies.BAD_REQUEST.at(date)
    same = sandbox.ask(alice.get(f"/portfolio/positions?limit=100&cursor={cursor}"))
    assert same.status == 200
    assert sandbox.journal("?last=1")[0]["findings"] == []


@pytest.mark.parametrize("date", DATES)
def test_a_garbage_cursor_is_refused_where_cursors_are_strict(opened: Open, date: str) -> None:
    sandbox = opened(date, "strict_cursors: true")
    reply = sandbox.ask(sandbox.client().get("/portfolio/positions?cursor=garbage"))
    assert (reply.status, reply.body) == (400, bodies.BAD_REQUEST.at(date))
    assert reply.diagnosis == "the cursor is none that this exchange made"


@pytest.mark.parametrize("target", [PATH, PATH + "?limit=0", PATH + "/nope", PREFIX + "/fcm/positions"])
def test_head_is_get_without_the_body(opened: Open, target: str) -> None:
    sandbox = opened("2026-10")
    whole = sandbox.ask(hostile.signed(target)(sandbox.client()))
    with Connection(sandbox.port) as connection:
        reply = connection.ask(hostile.signed(target, "HEAD")(sandbox.client()), is_head=True)
        after = connection.ask(sandbox.client().get("/portfolio/positions"))
    assert (reply.status, reply.body) == (whole.status, b"")
    assert reply.headers["content-length"] == str(len(whole.body))
    assert after.status == 200


@pytest.mark.parametrize("path", ["/portfolio/positions", "/portfolio/balance", "/fcm/positions"])
def test_a_wrong_method_names_the_right_ones(opened: Open, path: str) -> None:
    reply = opened("compat").ask(request("DELETE", PREFIX + path))
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("raw", hostile.NOT_HTTP.values(), ids=hostile.NOT_HTTP)
def test_bytes_that_are_not_http(opened: Open, raw: bytes, date: str) -> None:
    sandbox = opened(date)
    sandbox.call("DELETE", "/journal")
    with Connection(sandbox.port) as connection:
        reply = connection.ask(raw)
        assert connection.read_rest() == b""
    assert (reply.status, reply.body) == (400, bodies.BAD_REQUEST.at(date))
    assert reply.headers["connection"] == "close"
    assert "not an HTTP/1.1 request" in reply.diagnosis
    entry = last_entry(sandbox)
    assert (entry["method"], entry["status"], entry["diagnosis"]) == ("", 400, reply.diagnosis)
    assert entry["answer"] == reply.body.decode()
    assert "body_base64" in entry or entry["body"] == raw.decode()


@pytest.mark.parametrize("raw", hostile.NOT_HTTP_TO_HTTPTOOLS.values(), ids=hostile.NOT_HTTP_TO_HTTPTOOLS)
def test_bytes_that_other_servers_take_for_http(opened: Open, raw: bytes) -> None:
    assert opened("compat").ask(raw).status == 400


def half_a_head(client: Client) -> bytes:
    return client.get("/portfolio/positions")[:100]


def half_a_body(client: Client) -> bytes:
    return head("GET", PATH, [*client.headers("GET", PATH).items(), ("Content-Length", "10")]) + b"12345"


@pytest.mark.parametrize("say", [half_a_head, half_a_body])
def test_half_a_request_is_noted_and_not_answered(opened: Open, say: Callable[[Client], bytes]) -> None:
    sandbox = opened("compat")
    sandbox.call("DELETE", "/journal")
    raw = say(sandbox.client())
    with Connection(sandbox.port) as connection:
        connection.send(raw)
        connection.end()
        assert connection.read() == NO_REPLY
    entry = last_entry(sandbox)
    assert (entry["status"], entry["answer"], entry["body"]) == (0, None, raw.decode())
    assert entry["diagnosis"] == "the connection ended before the request was whole"


def test_a_connection_without_a_word_is_nothing(opened: Open) -> None:
    sandbox = opened("compat")
    sandbox.call("DELETE", "/journal")
    with Connection(sandbox.port) as connection:
        connection.end()
        assert connection.read() == NO_REPLY
    assert sandbox.journal() == []


def test_pipelined_requests_are_answered_in_order(opened: Open) -> None:
    sandbox = opened("2026-10")
    alice = sandbox.client()
    said = [
        alice.get("/portfolio/balance"),
        request("GET", PATH),
        alice.get("/nope"),
        alice.get("/portfolio/positions"),
    ]
    with Connection(sandbox.port) as connection:
        connection.send(b"".join(said))
        assert [connection.read().status for _ in said] == [200, 401, 404, 200]


@pytest.mark.parametrize("path", ["/portfolio/positions", "/nope"])
def test_garbage_behind_a_request_waits_for_its_turn(opened: Open, path: str) -> None:
    sandbox = opened("2026-10")
    alice = sandbox.client()
    wanted = sandbox.ask(alice.get(path)).status
    with Connection(sandbox.port) as connection:
        connection.send(alice.get(path) + alice.get(path) + b"\x00garbage\r\n\r\n")
        assert [connection.read().status for _ in range(4)] == [wanted, wanted, 400, 0]


def test_a_head_without_end_is_cut_off(opened: Open) -> None:
    sandbox = opened("2026-10")
    sandbox.call("DELETE", "/journal")
    with Connection(sandbox.port) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.send(b"GET / HTTP/1.1\r\nX: " + b"a" * (2 * HEAD_BYTES_MAX))
        assert connection.read().status in (431, 0)
    assert [entry["status"] for entry in sandbox.journal()] == [431]


def test_http_1_0_is_answered_and_the_connection_closed(opened: Open) -> None:
    sandbox = opened("2026-10")
    with Connection(sandbox.port) as connection:
        reply = connection.ask(sandbox.client().get("/portfolio/positions").replace(b"HTTP/1.1", b"HTTP/1.0"))
        assert connection.read_rest() == b""
    assert reply.status == 200


def test_a_request_in_single_bytes(opened: Open) -> None:
    sandbox = opened("2026-10")
    wanted = plain_page(sandbox, "alice/main")
    with Connection(sandbox.port) as connection:
        for byte in sandbox.client().get("/portfolio/positions"):
            connection.send(bytes([byte]))
        assert connection.read().body == wanted


def test_continue_is_said_to_those_who_wait_for_it(opened: Open) -> None:
    sandbox = opened("2026-10")
    headers = {**sandbox.client().headers("GET", PATH), "Expect": "100-continue", "Content-Length": "3"}
    with Connection(sandbox.port) as connection:
        assert connection.ask(request("GET", PATH, headers)).status == 100
        assert connection.ask(b"abc").status == 200
    assert sandbox.journal("?last=1")[0]["body"] == "abc"


# --- whatever else there may be


def says_no_5xx(sandbox: SandboxView, raw: bytes) -> None:
    """The server answers, refuses or waits for more; it neither breaks nor hangs once nothing more comes."""
    with Connection(sandbox.port) as connection:
        connection.send(raw + b"\r\n\r\n")
        connection.end()
        answers = connection.read_rest()
    assert [status for status in re.findall(rb"HTTP/1\.1 (\d+) ", answers) if status >= b"5"] == [], answers


def mutations() -> st.SearchStrategy[list[tuple[int, int, bytes]]]:
    """Where, how many bytes go, and what comes in their place."""
    token = st.sampled_from([b"\r\n", b" ", b":", b"%", b"%ff", b"?", b"&", b"=", b"#", b"\x00", b"HTTP/1.1", b"/"])
    return st.lists(
        st.tuples(st.integers(0, 700), st.integers(0, 20), token | st.binary(max_size=8)), min_size=1, max_size=4
    )


FUZZ = settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.binary(max_size=400))
def test_random_bytes_break_nothing(opened: Open, raw: bytes) -> None:
    says_no_5xx(opened("compat"), raw)


@FUZZ
@given(st.sampled_from(["", "?limit=2&cursor=&ticker=RAIN-1&event_ticker=RAIN&count_filter=position"]), mutations())
def test_random_changes_of_a_request_break_nothing(
    opened: Open, query: str, changes: list[tuple[int, int, bytes]]
) -> None:
    sandbox = opened("compat")
    raw = sandbox.client().get(f"/portfolio/positions{query}")
    for place, gone, new in changes:
        raw = raw[:place] + new + raw[place + gone :]
    says_no_5xx(sandbox, raw)


@FUZZ
@given(st.dictionaries(st.sampled_from(["limit", "cursor", "ticker", "count_filter", "subaccount", "x"]), st.text()))
def test_random_queries_break_nothing(opened: Open, query: dict[str, str]) -> None:
    sandbox = opened("2026-10")
    reply = sandbox.ask(sandbox.client().get(f"/portfolio/positions?{urlencode(query)}"))
    assert reply.status in (200, 400)
