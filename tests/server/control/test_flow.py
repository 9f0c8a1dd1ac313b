"""What a test does with a running server: makes sandboxes and moves them; all of it through HTTP."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockexchange.core.instants import parse_instant
from mockexchange.sandbox import sandboxes
from tests.server.live import PREFIX, Client, Live, SandboxView, now_ms
from tests.server.small import BALANCE, BUY, POSITIONS, SMALL, error_of, fixed_key, names_of, view
from tests.server.wire import NO_REPLY, Connection, ask, head, request
from tests.venues.kalshi import bodies

pytestmark = pytest.mark.untraced

MANY = 30

# --- which sandbox answers


def test_a_sandbox_on_its_own_port_knows_only_its_own_keys(live: Live, sandbox: SandboxView) -> None:
    default = view(live, "default")
    before = default.call("GET", "")["requests"]
    assert sandbox.port != live.port
    assert sandbox.ask(sandbox.client().get(BALANCE)).status == 200
    assert sandbox.ask(default.client().get(BALANCE)).body == bodies.UNKNOWN_KEY.at("compat")
    assert sandbox.ask(request("GET", PREFIX + BALANCE)).status == 401
    assert sandbox.ask(b"\x16\x03\x01 hello").status == 400
    assert [entry["status"] for entry in sandbox.journal()] == [200, 401, 401, 400]
    assert default.call("GET", "")["requests"] == before


def test_its_own_keys_are_unknown_on_the_main_port(live: Live, sandbox: SandboxView) -> None:
    assert ask(live.port, sandbox.client().get(BALANCE)).status == 401
    assert sandbox.journal() == []
    assert view(live, "default").journal("?last=1")[0]["key_id"] == sandbox.client().key_id


def test_on_the_main_port_the_key_says_which_sandbox(live: Live, name: str) -> None:
    made = live.sandbox(name, SMALL, port=None)
    assert made.port == live.port
    assert ask(live.port, made.client().get(POSITIONS)).body.count(b'"RAIN-1"') == 1
    unknown = Client("nobody", made.client().pem)
    assert ask(live.port, unknown.get(BALANCE)).status == 401
    assert [entry["key_id"] for entry in made.journal()] == [made.client().key_id]
    assert view(live, "default").journal("?last=1")[0]["key_id"] == "nobody"


def test_an_empty_key_header_does_not_hide_the_right_one(live: Live, name: str) -> None:
    made = live.sandbox(name, SMALL, port=None)
    headers = [("KALSHI-ACCESS-KEY", ""), *made.client().headers("GET", PREFIX + BALANCE).items()]
    assert ask(live.port, head("GET", PREFIX + BALANCE, headers)).status == 200


def test_a_key_that_was_added_later_is_routed_too(live: Live, name: str) -> None:
    made, other = live.sandbox(name, SMALL, port=None), live.sandbox(f"{name}-2", SMALL)
    [key] = [step for step in map(json.loads, other.log().splitlines()[1:]) if "add_key" in step["do"]][:1]
    public = key["do"]["add_key"]["public_key"]
    made.call("POST", "/commands", [{"key": {"account": "alice", "key": "late", "key_id": name, "public_key": public}}])
    owner = other.client(key["do"]["add_key"]["account"])
    assert ask(live.port, Client(name, owner.pem).get(BALANCE)).status == 200


def test_a_fixed_key_id_exists_once_on_the_main_port_and_on_any_number_of_own_ports(live: Live, name: str) -> None:
    scenario = fixed_key(name)
    first = live.sandbox(name, scenario, port=None)
    before = names_of(live)
    reply = live.control("POST", "/sandboxes", {"name": f"{name}-2", "scenario": scenario})
    assert reply.status == 409
    assert name in error_of(reply)["message"]
    assert names_of(live) == before
    others = [live.sandbox(f"{name}-{number}", scenario) for number in (3, 4)]
    assert {one.client().key_id for one in [first, *others]} == {name}
    assert [one.ask(one.client().get(BALANCE)).status for one in [first, *others]] == [200, 200, 200]
    assert [len(one.journal()) for one in [first, *others]] == [1, 1, 1]


def test_keys_are_the_same_in_every_run_and_no_two_of_a_sandbox_alike(live: Live, name: str) -> None:
    first = live.sandbox(name, SMALL)
    live.control("DELETE", f"/sandboxes/{name}")
    again = live.sandbox(name, SMALL)
    assert again.shown["accounts"] == first.shown["accounts"]
    pems = [one["private_key_pem"] for one in first.shown["accounts"]]
    assert len(set(pems)) == len(pems) == 2


# --- the life of a sandbox


def test_post_makes_up_a_name(live: Live) -> None:
    made = [live.json("POST", "/sandboxes", {})["id"] for _ in range(2)]
    assert len(set(made)) == 2
    assert set(made) <= names_of(live)
    assert live.json("GET", f"/sandboxes/{made[0]}")["scenario"] == "empty"


def test_put_makes_it_once(live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/commands", [BUY])
    again = live.control("PUT", f"/sandboxes/{sandbox.name}", {"scenario": "empty", "port": 0})
    assert again.status == 200
    shown = json.loads(again.body)
    assert {name: shown[name] for name in ("id", "base_url", "accounts", "scenario")} == {
        name: sandbox.shown[name] for name in ("id", "base_url", "accounts", "scenario")
    }
    assert sandbox.positions()[0]["quantity"] == "11.00"


def test_reset_begins_anew_under_the_same_address(live: Live, sandbox: SandboxView) -> None:
    before = sandbox.state()
    alice = sandbox.client()
    sandbox.call("POST", "/commands", [BUY, {"deposit": {"account": "alice", "amount": 5}}])
    with Connection(sandbox.port) as connection:
        assert connection.ask(alice.get(POSITIONS)).status == 200
        shown = sandbox.call("POST", "/reset")
        assert sandbox.journal() == []
        assert connection.ask(alice.get(POSITIONS)).status == 200
    assert (shown["id"], shown["base_url"], shown["accounts"]) == tuple(
        sandbox.shown[key] for key in ("id", "base_url", "accounts")
    )
    assert sandbox.state() == before
    assert len(sandbox.journal()) == 1


def test_reset_on_the_main_port_keeps_the_keys_routed(live: Live, name: str) -> None:
    made = live.sandbox(name, SMALL, port=None)
    made.call("POST", "/reset")
    assert ask(live.port, made.client().get(BALANCE)).status == 200
    assert len(made.journal()) == 1


def test_delete_closes_the_port(live: Live, sandbox: SandboxView) -> None:
    with Connection(sandbox.port) as idle:
        assert idle.ask(sandbox.client().get(BALANCE)).status == 200
        assert live.control("DELETE", f"/sandboxes/{sandbox.name}").status == 204
        assert idle.read() == NO_REPLY
    with pytest.raises(ConnectionRefusedError):
        Connection(sandbox.port)
    assert error_of(live.control("GET", f"/sandboxes/{sandbox.name}"))["message"].startswith("no sandbox")


def test_delete_on_the_main_port_forgets_the_keys(live: Live, name: str) -> None:
    made = live.sandbox(name, SMALL, port=None)
    assert live.control("DELETE", f"/sandboxes/{name}").status == 204
    assert ask(live.port, made.client().get(BALANCE)).body == bodies.UNKNOWN_KEY.at("compat")


def test_the_default_sandbox_stays(live: Live) -> None:
    assert live.control("DELETE", "/sandboxes/default").status == 409
    assert "default" in names_of(live)


def test_an_idle_one_expires_and_a_busy_one_stays(live: Live, name: str) -> None:
    """Host time has a resolution of a microsecond, so one of a microsecond is over by the next request."""
    live.sandbox(f"{name}-1", SMALL, expires_after="1us")
    live.sandbox(f"{name}-2", SMALL, expires_after="1h")
    assert {f"{name}-1", f"{name}-2"} & names_of(live) == {f"{name}-2"}


def test_there_is_a_limit(live: Live, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = names_of(live)
    monkeypatch.setattr(sandboxes, "SANDBOXES_MAX", len(before) + 1)
    live.sandbox(f"{name}-1", SMALL)
    reply = live.control("POST", "/sandboxes", {"name": f"{name}-2"})
    assert reply.status == 409
    assert f"at most {len(before) + 1} sandboxes" in error_of(reply)["message"]
    live.control("DELETE", f"/sandboxes/{name}-1")
    live.sandbox(f"{name}-2", SMALL)


# --- commands


def test_commands_answer_what_happened_and_refusals_are_values(sandbox: SandboxView) -> None:
    steps = [BUY, {"settle": {"market": "NONE", "result": "yes"}}, {"deposit": {"account": "alice", "amount": 1}}]
    done, refused, paid = sandbox.call("POST", "/commands", steps)
    told = ["order_changed", "filled", "position_changed", "traded", "market_priced"]
    assert [event["type"] for event in done["events"]] == told
    assert refused["refusal"]["code"] == "unknown_market"
    assert "NONE" in refused["refusal"]["message"]
    assert paid["events"][0]["amount"] == "1.000000"
    assert [one["seq"] for one in (done, refused, paid)] == [done["seq"], done["seq"] + 1, done["seq"] + 2]
    assert len(sandbox.log().splitlines()) == 1 + paid["seq"]


def test_events_are_left_out_on_request(sandbox: SandboxView) -> None:
    refused = {"settle": {"market": "NONE", "result": "yes"}}
    steps = [BUY, refused]
    assert sandbox.call("POST", "/commands?events=true", steps)[0]["events"]
    done, other = sandbox.call("POST", "/commands?events=false", steps)
    assert (list(done), done["events"]) == (["seq", "at", "events"], [])
    assert other["refusal"]["code"] == "unknown_market"


def test_what_a_command_did_is_in_the_next_answer(sandbox: SandboxView) -> None:
    alice = sandbox.client()
    for count in range(11, 15):
        sandbox.call("POST", "/commands", [BUY])
        rows = json.loads(sandbox.ask(alice.get(POSITIONS)).body)["market_positions"]
        assert [(row["position"], row["position_fp"]) for row in rows] == [(count, f"{count}.00")]


# --- clocks


def test_a_paused_clock_moves_only_when_told(live: Live, name: str) -> None:
    made = live.sandbox(name, SMALL, clock="paused")
    first = made.call("GET", "/clock")
    assert first["mode"] == "paused"
    assert made.call("GET", "/clock") == first
    moved = made.call("POST", "/clock", {"advance": "1h30m"})
    assert parse_instant(moved["now"]) - parse_instant(first["now"]) == 5_400 * 1_000_000
    [done] = made.call("POST", "/commands", [BUY])
    assert done["at"] == moved["now"]
    row = json.loads(made.ask(made.client().get(POSITIONS)).body)["market_positions"][0]
    assert row["last_updated_ts"] == moved["now"]


def test_a_clock_can_be_set_running_and_stopped(live: Live, name: str) -> None:
    made = live.sandbox(name, SMALL, clock="paused")
    assert made.call("POST", "/clock", {"run": "1000x"})["mode"] == "1000x"
    assert made.call("POST", "/clock", {"run": "real"})["mode"] == "real"
    wall = parse_instant(made.call("GET", "/clock")["now"]) / 1_000
    assert abs(wall - now_ms()) < 20_000
    stopped = made.call("POST", "/clock", {"run": "paused"})
    assert made.call("GET", "/clock") == stopped


@pytest.mark.parametrize("clock", ["paused", "1000x", "real"])
def test_moving_exchange_time_never_makes_a_signature_stale(live: Live, name: str, clock: str) -> None:
    made = live.sandbox(name, SMALL, clock=clock)
    for duration in ("0s", "1h", "90d", "3650d"):
        made.call("POST", "/clock", {"advance": duration})
        assert made.ask(made.client().get(POSITIONS)).status == 200


def test_a_window_on_exchange_time_is_opt_in(live: Live, name: str) -> None:
    made = live.sandbox(name, SMALL + "auth: {clock: exchange}\n", clock="real")
    assert made.ask(made.client().get(BALANCE)).status == 200
    made.call("POST", "/clock", {"advance": "1h"})
    reply = made.ask(made.client().get(BALANCE))
    assert (reply.status, reply.body) == (401, bodies.EXPIRED.at("compat"))
    hour_ahead = str(now_ms() + 3_600_000)
    headers = made.client().headers("GET", PREFIX + BALANCE, hour_ahead)
    assert made.ask(request("GET", PREFIX + BALANCE, headers)).status == 200


def test_many_sandboxes_are_made_at_once(live: Live, name: str) -> None:
    """Many test workers share a server: their sandboxes never mix."""

    def use(number: int) -> tuple[int, int]:
        made = live.sandbox(f"{name}-{number}", SMALL)
        made.call("POST", "/commands", [BUY] * (number % 3))
        status = made.ask(made.client().get(POSITIONS)).status
        shown = made.positions()[0]["quantity"], len(made.journal())
        assert shown == (f"{10 + number % 3}.00", 1)
        return number, status

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(use, range(MANY)))
        assert made == [(number, 200) for number in range(MANY)]
        paths = [f"/sandboxes/{name}-{number}" for number in range(MANY)]
        assert {reply.status for reply in pool.map(lambda path: live.control("DELETE", path), paths)} == {204}
