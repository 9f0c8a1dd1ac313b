"""What the server counts, read by a parser of the format that knows nothing of how it was written."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server import metrics
from mockexchange.server.metrics import exposition
from mockexchange.version import __version__
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import SMALL as PLAIN_SMALL
from tests.helpers.sandboxes import make
from tests.server.control.test_streams import stream
from tests.server.exposition import Family, parse
from tests.server.live import TOKEN, Live, SandboxView, serving
from tests.server.small import BALANCE, POSITIONS, SMALL, error_of
from tests.server.wire import Connection, request


def scrape(live: Live) -> dict[str, Family]:
    reply = live.control("GET", "/metrics")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found = parse(reply.body.decode())
    assert all(name.startswith("mockexchange_") for name in found)
    return {name.removeprefix("mockexchange_"): family for name, family in found.items()}


def test_what_there_is_without_anything_done(tmp_path: Path) -> None:
    with serving(tmp_path, SMALL) as live:
        found = scrape(live)
    assert found["build_info"].value(version=__version__) == 1
    assert (found["sandboxes"].value(), found["sandboxes_unlisted"].value()) == (1, 0)
    assert found["commands_total"].value(sandbox="default") > 3
    assert {family.kind for family in found.values()} == {"gauge", "counter", "histogram"}
    assert not found["requests_total"].samples
    for name, family in found.items():
        assert (family.kind == "counter") == name.endswith("_total")


def test_requests_are_counted_by_what_they_were(live: Live, sandbox: SandboxView) -> None:
    for raw in (sandbox.client().get(POSITIONS), sandbox.client().get(POSITIONS), sandbox.client().get(BALANCE)):
        sandbox.ask(raw)
    sandbox.ask(request("GET", f"/trade-api/v2{POSITIONS}"))
    sandbox.ask(request("GET", "/nowhere/at/all"))
    sandbox.ask(request("GET", "/api/v2/public/get_time"))
    sandbox.ask(b"no HTTP\r\n\r\n")
    found = scrape(live)
    requests, mine = found["requests_total"], {"sandbox": sandbox.name}
    assert requests.value(**mine, venue="kalshi", operation="GetPositions", status="200") == 2
    assert requests.value(**mine, operation="GetPositions", status="401") == 1
    assert requests.value(**mine, operation="GetBalance") == 1
    assert requests.value(**mine, venue="kalshi", operation="none", status="404") == 1
    assert requests.value(**mine, venue="deribit", operation="public/get_time", status="200") == 1
    assert requests.value(**mine, venue="none", operation="none", status="400") == 1
    assert found["refusals_total"].value(**mine, venue="kalshi", kind="no_credentials") == 1
    assert found["refusals_total"].value(**mine, kind="no_route") == 1
    durations = found["request_duration_seconds"]
    assert durations.value("_count", **mine, venue="kalshi") == 5
    assert 0 < durations.value("_sum", **mine, venue="kalshi") < 20
    assert found["journal_entries"].value(**mine) == 7
    assert found["journal_body_bytes"].value(**mine) > 0


def test_a_delay_is_in_the_bucket_that_it_belongs_to(live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/faults", {"then": {"delay": "60ms"}})
    sandbox.ask(request("GET", "/nowhere"))
    durations = scrape(live)["request_duration_seconds"]
    mine = {"sandbox": sandbox.name, "venue": "kalshi"}
    assert [durations.value("_bucket", **mine, le=bound) for bound in ("0.0005", "0.05", "+Inf")] == [0, 0, 1]
    assert durations.value("_sum", **mine) >= 0.06


def test_faults_stubs_and_streams_are_counted(live: Live, sandbox: SandboxView) -> None:
    sandbox.call("POST", "/stubs", [{"request": "GET /a"}, {"request": "GET /b", "signed": True}])
    sandbox.call(
        "POST", "/faults", [{"match": {"path": "*/trade-api/*"}, "then": {"status": 503}}, {"then": {"delay": "1ms"}}]
    )
    assert [sandbox.ask(request("GET", path)).status for path in ("/a", "/b")] == [200, 401]
    sandbox.ask(sandbox.client().get(POSITIONS))
    mine = {"sandbox": sandbox.name}
    with stream(sandbox, "fill") as client:
        client.send("no JSON")
        client.recv(PATIENCE_S)
        found = scrape(live)
        assert found["streams_open"].value(**mine, venue="kalshi") == 1
        frames = found["frames_total"]
        assert (frames.value(**mine, direction="in"), frames.value(**mine, direction="out")) == (3, 2)
        assert found["journal_frames"].value(**mine) == 5
    sandbox.call("POST", "/wait", {"for": {"frame": {"kind": "close"}}})
    found = scrape(live)
    assert dict(found["faults_fired_total"].samples)["", (("effect", "delay"), ("sandbox", sandbox.name))] == 3
    assert found["faults_fired_total"].value(**mine, effect="status") == 1
    assert found["stub_answers_total"].value(**mine) == 1
    assert not [labels for _, labels in found["streams_open"].samples if ("sandbox", sandbox.name) in labels]


def test_a_cleared_journal_leaves_the_counts_and_a_reset_begins_anew(live: Live, sandbox: SandboxView) -> None:
    sandbox.ask(request("GET", "/nowhere"))
    sandbox.call("DELETE", "/journal")
    mine = {"sandbox": sandbox.name}
    found = scrape(live)
    assert (found["requests_total"].value(**mine), found["journal_entries"].value(**mine)) == (1, 0)
    sandbox.call("POST", "/reset")
    assert not [labels for _, labels in scrape(live)["requests_total"].samples if ("sandbox", sandbox.name) in labels]
    sandbox.call("DELETE", "")
    assert sandbox.name not in live.control("GET", "/metrics").body.decode()


def test_who_may_read_it(live: Live) -> None:
    with Connection(live.port) as connection:
        reply = connection.ask(request("GET", "/_mock/metrics"))
    assert (reply.status, error_of(reply)["code"]) == (401, "unauthorized")
    with Connection(live.port) as connection:
        bearer = f"Authorization: Bearer {TOKEN}".encode()
        reply = connection.ask(b"GET /_mock/metrics HTTP/1.1\r\nHost: evil.test\r\n" + bearer + b"\r\n\r\n")
    assert (reply.status, error_of(reply)["code"]) == (403, "host_not_allowed")
    assert live.control("POST", "/metrics").status == 405


# --- labels


def named(name: str) -> Sandbox:
    return make(PLAIN_SMALL, name=name)


def test_so_many_sandboxes_are_listed_and_the_others_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SANDBOXES_LISTED_MAX", 2)
    found = parse(exposition([named("a"), named("b"), named("c")]))
    assert found["mockexchange_sandboxes"].value() == 3
    assert found["mockexchange_sandboxes_unlisted"].value() == 1
    listed = [dict(labels)["sandbox"] for _, labels in found["mockexchange_commands_total"].samples]
    assert listed == ["a", "b"]


def test_odd_names_are_escaped() -> None:
    sandbox = make(PLAIN_SMALL)
    sandbox.name = 'a"b\\c\nd'
    found = parse(exposition([sandbox]))
    assert found["mockexchange_commands_total"].value(sandbox='a"b\\c\nd') == len(sandbox.log)


def test_no_word_of_a_client_is_a_label(live: Live, sandbox: SandboxView) -> None:
    """What a client makes up would make a time series each."""
    for word in ("made-up-1", "made-up-2"):
        sandbox.ask(request("GET", f"/trade-api/v2/{word}?{word}={word}", {"KALSHI-ACCESS-KEY": word}))
        sandbox.ask(
            request("POST", "/api/v2", {"Content-Type": word}, json.dumps({"id": word, "method": word}).encode())
        )
    text = live.control("GET", "/metrics").body.decode()
    assert "made-up" not in text
    mine = [line for line in text.splitlines() if "requests_total{" in line and f'"{sandbox.name}"' in line]
    assert len(mine) == 2


@each_row(
    "text",
    [
        "# TYPE a counter\na 1\n",
        "# HELP a b\n# TYPE a counter\nb 1\n",
        "# HELP a b\n# TYPE a counter\na 1\na 1\n",
        "# HELP a b\n# TYPE a counter\na x\n",
        '# HELP a b\n# TYPE a counter\na{b="c" 1\n',
        '# HELP a b\n# TYPE a counter\na{b="\\c"} 1\n',
        "# HELP a b\n# TYPE a gauge\na 1",
        '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
        '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n',
    ],
)
def test_the_parser_refuses_what_is_not_of_the_format(text: str) -> None:
    with pytest.raises((AssertionError, KeyError, ValueError)):
        parse(text)


def test_the_parser_reads_what_is(tmp_path: Path) -> None:
    text = '# HELP a b c\n# TYPE a counter\na{b="\\"\\\\\\n",c=""} 1e-05\na +Inf\n'
    found: Any = parse(text)["a"]
    assert found.samples == {("", (("b", '"\\\n'), ("c", ""))): 1e-05, ("", ()): float("inf")}
