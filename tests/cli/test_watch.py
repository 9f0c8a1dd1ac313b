"""`watch`: what happens, a line an event or as a display, until the exchange is no more."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mockexchange.cli.click_base import Failure
from mockexchange.cli.commands import watch as subject
from mockexchange.cli.commands.watch import ConnectionLost
from mockexchange.cli.event_format import LiveEvent, accounts_of, concerns, describe_event, event_cells, style_of
from mockexchange.cli.server_connection import Server
from tests.cli.conftest import SCENARIO, Cli
from tests.cli.test_click_base import PROGRAM
from tests.cli.test_live_view import picture
from tests.cli.watched_events import AT, COMMAND, FILLED, FIRING, FRAME, REQUEST, TRADED, event
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT
from tests.house.serving import served

FILL = "fill: {account: alice, market: RAIN-1, side: no, action: buy, count: 4, price: 0.40}"


# --- in words


@each_row(
    ("happened", "words", "style"),
    [
        (event("command", COMMAND), "#7 Fill: filled alice RAIN-1 buy yes 1.00 at 0.56, fee 0.0175", ""),
        (
            event("command", COMMAND, command="TradeContract", events=[TRADED]),
            "#7 TradeContract: contract traded dora BTC-PERPETUAL buy 100 at 113450, fee 0",
            "",
        ),
        (
            event(
                "command", COMMAND, events=[{"type": "contract_marked", "instrument": "BTC-PERPETUAL", "price": "5"}]
            ),
            "#7 Fill: contract marked BTC-PERPETUAL 5",
            "",
        ),
        (
            event("command", COMMAND, cause={"step": "buys", "repetition": 2}, events=[], left_out=0),
            "#7 Fill (by buys, 2): nothing changed",
            "",
        ),
        (
            event("command", COMMAND, events=[{"type": "market_moved", "market": "M"}] * 6, left_out=9),
            "#7 Fill: market moved M; market moved M; market moved M; market moved M; and 11 more",
            "",
        ),
        (
            LiveEvent("command", {**COMMAND, "refusal": {"code": "unknown_market", "message": "no market"}}),
            "#7 Fill refused: unknown_market: no market",
            "red",
        ),
        (event("request", REQUEST), "GET /trade-api/v2/portfolio/balance -> 200 GetBalance alice 1.2 ms", "green"),
        (event("request", REQUEST, status=101), "-> 101 GetBalance", "green"),
        (event("request", REQUEST, status=503, fault="flaky"), "-> 503 GetBalance", "red"),
        (event("request", REQUEST, fault="slow"), "fault slow", "yellow"),
        (event("request", REQUEST, status=0, fault="cut"), "-> 0 GetBalance", "red"),
        (
            event("request", REQUEST, status=401, diagnosis="sign it", findings=["odd"], fault="flaky", account=None),
            "GET /trade-api/v2/portfolio/balance -> 401 GetBalance - 1.2 ms: sign it; odd; fault flaky",
            "red",
        ),
        (
            event("request", REQUEST, stub="none"),
            "GET /trade-api/v2/portfolio/balance -> 200 GetBalance alice 1.2 ms: stub none",
            "green",
        ),
        (
            event("request", REQUEST, method="", status=400),
            "bytes that are no HTTP -> 400 GetBalance alice 1.2 ms",
            "red",
        ),
        (event("request", REQUEST, findings=["odd"]), "-> 200 GetBalance alice 1.2 ms: odd", "yellow"),
        (event("frame", FRAME), 'out stream 3 alice fill {"type":"fill"}', ""),
        (
            event("frame", FRAME, fault="flaky", note="too slow", direction="lost", kind="", account=None),
            'lost stream 3 - [fault flaky; too slow] {"type":"fill"}',
            "yellow",
        ),
        (
            event("frame", {**FRAME, "frame": None, "frame_base64": "/w=="}, kind="open"),
            "out stream 3 alice open /w==",
            "",
        ),
        (event("fault", FIRING), "flaky connection=3", "yellow"),
        (event("script", FIRING, kind="finding", name="buys", detail={"text": "refused"}), "text=refused", "yellow"),
        (event("frame", FRAME, kind="error"), "stream 3 alice error", "red"),
        (event("script", FIRING, kind="trigger", name="buys", detail={}), "trigger buys", ""),
        (LiveEvent("lost", {"lost": 3}), "3 events were lost", "red"),
        (LiveEvent("lost", {"lost": None}), "some events were lost", "red"),
        (LiveEvent("begin", {"sandbox": "default"}), "watching default", ""),
        (LiveEvent("end", {"reason": "reset"}), "the sandbox was reset", ""),
    ],
)
def test_an_event_is_one_line(happened: LiveEvent, words: str, style: str) -> None:
    assert words in describe_event(happened)
    assert style_of(happened) == style
    assert event_cells(happened)[:2] == [happened.data.get("at", "-"), happened.kind]


def test_who_looks_at_one_account_is_told_of_that_one() -> None:
    other = event("command", COMMAND, events=[{**FILLED, "account": "bob"}])
    unowned = event("command", COMMAND, events=[{"type": "market_moved", "market": "M"}])
    happened = [event("command", COMMAND), event("request", REQUEST), event("frame", FRAME)]
    assert [concerns(one, ("alice",)) for one in happened] == [True] * 3
    assert [concerns(one, ("bob",)) for one in happened] == [False] * 3
    assert (concerns(other, ("alice",)), concerns(other, ("alice", "bob")), concerns(other, ())) == (False, True, True)
    assert concerns(unowned, ("alice",))
    assert not concerns(event("request", REQUEST, account=None), ("alice",))
    assert concerns(event("fault", FIRING), ("alice",))
    assert accounts_of(unowned) == set()


# --- keys


def display(*chosen: str) -> "subject._Display":
    return subject._Display(GONE, "default", chosen, ["alice", "bob"], iter(()))


def test_keys_pause_filter_and_quit() -> None:
    shown = display()
    shown.view.has_keys = True
    assert picture(shown.view)[-1] == "space pause  a account  q quit"
    shown._press(" ")
    assert "paused" in picture(shown.view)[0]
    shown._press(" ")
    assert "paused" not in picture(shown.view)[0]
    seen = []
    for _ in range(4):
        shown._press("a")
        seen.append(shown.view.accounts)
    assert seen == [("alice",), ("bob",), (), ("alice",)]
    shown._press("x")
    assert not shown._is_ended
    shown._press("q")
    assert shown._is_ended


def test_a_price_has_the_positions_of_all_accounts_read_again() -> None:
    shown = display()
    shown._take(event("command", COMMAND))
    assert shown.stale == {"alice"}
    shown._take(event("command", COMMAND, events=[{"type": "market_priced", "market": "M"}]))
    assert shown.stale == {"alice", "bob"}


# --- on and on


class Told:
    """What the control API would tell, a stream of events a connection."""

    def __init__(self, *streams: list[LiveEvent | Exception]) -> None:
        self.streams = list(streams)
        self.last_ids: list[str | None] = []

    def __call__(
        self, server: Any, sandbox: str, kinds: Any, last_event_id: str | None, query: dict[str, str]
    ) -> Iterator[LiveEvent]:
        self.last_ids.append(last_event_id)
        for one in self.streams.pop(0):
            if isinstance(one, Exception):
                raise one
            yield one


GONE = Server(Path("/none"), {"pid": 7})
BEGIN = LiveEvent("begin", {"sandbox": "default"}, "a-1")


def follow(monkeypatch: pytest.MonkeyPatch, told: Told) -> tuple[list[str], str]:
    monkeypatch.setattr(subject, "events_of", told)
    kinds: list[str] = []
    with pytest.raises(Failure) as raised:
        kinds.extend(one.kind for one in subject.follow(GONE, "default", {}))
    return kinds, str(raised.value)


@each_row(("reason", "words"), [("stopped", "the server was stopped"), ("deleted", "the sandbox was deleted")])
def test_it_ends_with_the_exchange(monkeypatch: pytest.MonkeyPatch, reason: str, words: str) -> None:
    end = LiveEvent("end", {"reason": reason})
    assert follow(monkeypatch, Told([BEGIN, end])) == (
        ["begin", "end"],
        f"the exchange 'default' is no more: {words}",
    )


def test_it_goes_on_after_a_reset_and_from_where_it_was_after_a_break(monkeypatch: pytest.MonkeyPatch) -> None:
    told = Told(
        [BEGIN, LiveEvent("end", {"reason": "reset"})],
        [LiveEvent("begin", {}, "b-1"), LiveEvent("frame", {}, "b-2"), ConnectionLost("cut")],
        [LiveEvent("begin", {}, "b-2")],
        [ConnectionLost("refused")],
    )
    kinds, words = follow(monkeypatch, told)
    assert kinds == ["begin", "end", "begin", "frame", "begin"]
    assert told.last_ids == [None, None, "b-2", "b-2"]
    assert words == "the server (pid 7) is gone: refused"


# --- for real


@contextmanager
def watching(
    server: Server, *arguments: str, output: Any = subprocess.PIPE, keyboard: Any = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    command = [*PROGRAM, "watch", "--ready-file", str(server.ready_file), *arguments]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(command, stdin=keyboard, stdout=output, stderr=subprocess.PIPE, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def read_line(process: "subprocess.Popen[bytes]") -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().decode().rstrip("\n").split("\t")


def test_it_tells_a_line_an_event_where_there_is_no_terminal(cli: Cli, server: Server, sandbox: str) -> None:
    with watching(server, "--sandbox", sandbox, "--account", "alice") as process:
        assert read_line(process) == ["-", "begin", f"watching {sandbox}"]
        cli("do", "deposit: {account: eddy, amount: 1}", "--sandbox", sandbox)
        cli("do", FILL, "--sandbox", sandbox)
        at, kind, words = read_line(process)
        assert (at, kind) == (AT, "command")
        assert "filled alice RAIN-1 buy no 4.00 at 0.40" in words
        cli("call", "alice", "GET", "/portfolio/balance", "--sandbox", sandbox)
        assert read_line(process)[2].startswith("GET /trade-api/v2/portfolio/balance -> 200 GetBalance alice ")
        server.ask_sandbox("POST", sandbox, "/reset")
        assert [read_line(process)[1] for _ in range(2)] == ["end", "begin"]
        server.ask_sandbox("DELETE", sandbox)
        assert read_line(process)[1] == "end"
        _, complaint = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1
        assert complaint.decode() == (
            f"mockexchange watch: the exchange '{sandbox}' is no more: the sandbox was deleted\n"
        )


def test_it_ends_when_the_server_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "scenario.yaml").write_text(SCENARIO.replace("  own: {keys: {main: {public_key: own.pem}}}\n", ""))
    with served(tmp_path, sys.executable, "-m", "mockexchange", "serve", "--scenario", "scenario.yaml"):
        server = Server(tmp_path / "ready.json", json.loads((tmp_path / "ready.json").read_text()))
        with watching(server) as process:
            assert read_line(process)[1] == "begin"
            os.kill(server.ready["pid"], signal.SIGTERM)
            assert read_line(process)[1] == "end"
            _, complaint = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert complaint.decode() == "mockexchange watch: the exchange 'default' is no more: the server was stopped\n"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_the_display_follows_and_goes_away_with_an_interrupt(cli: Cli, server: Server, sandbox: str) -> None:
    reader, writer = os.openpty()
    with watching(server, "--sandbox", sandbox, output=writer) as process:
        os.close(writer)
        read_until(reader, b"RAIN-1", b"10.00")
        cli("do", FILL, "--sandbox", sandbox)
        read_until(reader, b"buy no 4.00", b" 6.00 ")
        cli("do", FILL, "--sandbox", sandbox)
        read_until(reader, b" 2.00 ")
        process.send_signal(signal.SIGINT)
        read_until(reader, b"\x1b[?1049l")
        _, complaint = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, complaint.strip()) == (130, b"")
    os.close(reader)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_the_display_obeys_keys(server: Server, sandbox: str) -> None:
    reader, writer = os.openpty()
    with watching(server, "--sandbox", sandbox, output=writer, keyboard=writer) as process:
        os.close(writer)
        read_until(reader, b"space pause", b"RAIN-1")
        os.write(reader, b" ")
        read_until(reader, b"paused")
        os.write(reader, b"a")
        read_until(reader, b" of alice")
        os.write(reader, b"q")
        read_until(reader, b"\x1b[?1049l")
        _, complaint = process.communicate(timeout=PATIENCE_S)
        assert (process.returncode, complaint.strip()) == (0, b"")
    os.close(reader)


def test_secrets_are_not_shown_and_events_are_json_for_programs(cli: Cli, server: Server, sandbox: str) -> None:
    with watching(server, "--sandbox", sandbox, "--json") as process:
        assert json.loads(read_line(process)[0])["event"] == "begin"
        cli("call", "alice", "GET", "/portfolio/fills?client_secret=hush-hush", "--sandbox", sandbox)
        told = json.loads(read_line(process)[0])
        assert (told["event"], told["target"]) == ("request", "/trade-api/v2/portfolio/fills?client_secret=[secret]")


def read_until(reader: int, *words: bytes) -> None:
    """Read what is drawn until all the words have been."""
    seen = b""
    while missing := [word for word in words if word not in seen]:
        assert select.select([reader], [], [], PATIENCE_S)[0], f"{missing} are not in {seen[-2_000:]!r}"
        seen += os.read(reader, 65_536)


def test_an_account_that_is_not_there_is_named(cli: Cli, sandbox: str) -> None:
    done = cli("watch", "--account", "zoe", "--sandbox", sandbox, code=1)
    assert "no account 'zoe'; known: alice, eddy, own" in done.stderr
    assert "no sandbox 'nowhere'" in cli("watch", "--sandbox", "nowhere", code=1).stderr
