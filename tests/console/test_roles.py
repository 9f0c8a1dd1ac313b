"""No screen offers an action that a role may not do, and the server refuses it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.runtime.redaction import sha256_of
from mockexchange.server.control.access import Grant, NamedToken, Role
from mockexchange.server.serve_options import Sharing
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.console.conftest import link_to, open_console
from tests.console.test_verify import REPORT
from tests.server.live import Live, serving

WALL, OWNER = "a-token-that-looks", "a-token-of-its-own"
TOKENS = (
    NamedToken(Grant("wall", Role.VIEWER), sha256_of(WALL)),
    NamedToken(Grant("alice", Role.SANDBOX, "alice"), sha256_of(OWNER)),
)
HEADER = {"Sandbox", "Theme: auto", "Help and keys"}
NAMES_OF_ACCOUNTS = ("alice", "bob", "desk", "idle")
LISTS = ("fills", "orders", "settlements", "deposits", "withdrawals", "transfers", "shard transfers")
ACCOUNTS = {*(f"{one} kalshi" for one in NAMES_OF_ACCOUNTS), *(f"{one} #" for one in LISTS)}
HELD = {"KXFEDDECISION-#DEC-H#", "KXHIGHCHI-#NOV#-B#", "KXRAINNYC-#NOV#-T#"}
HELD |= {f"KXQUICKSETTLE-#NOV#-{one}" for one in "ABCD"}
OFFERED: dict[str, tuple[str, set[str]]] = {
    "requests?n=1": (
        "Answered as the venue answers.",
        {"Filter", "refused #", "group", "diff A ↔ B", "compare runs", "HAR", "curl", "mark A", "mark B"}
        | {"pretty", "raw", "copy", "Close the details"},
    ),
    "accounts?l=orders": ("KXRAINNYC-25NOV05-T1", ACCOUNTS | HELD | {"by time", "by change"}),
    "accounts?a=idle": ("No position.", ACCOUNTS | {"by time", "by change"}),
    "orders": ("open orders of alice", {"Filter", "as"}),
    "streams": ("subscribed", {"Filter", "lost #", "gaps #", "freeze", "#"}),
    "script": ("busy", set()),
    "scenario": ("3 accounts", {"open", "diff to what runs", "discard edits", "scenario"}),
    "verify": ("z.broken", {"report", "all", "broken", "not judged", "kept", "copy"}),
    "sandboxes": ("/trade-api/v2", set()),
}
"""Screen: a text that it shows when it is read, and its buttons and fields; digits are written as #."""
KEYS = {
    *("this list", "to the filter", "within a list", "close the details", "next row", "row above"),
    *("to the details of the row", "why: the newest refused request", "follow: back to the newest"),
    *("mark the row as A", "mark the row as B", "difference of A and B"),
    *(f"account {one}" for one in NAMES_OF_ACCOUNTS),
    *("next market", "market above", "next frame", "frame above", "follow, or freeze"),
    *("verdicts: all, broken, not judged, kept", "compare two runs"),
    "why: the newest frame that is missing or was disturbed",
    *(
        "into the text",
        "difference to what runs",
        "older report",
        "newer report",
        "copy the command",
        "next rule",
        "rule above",
    ),
    *("Requests", "Accounts", "Orders", "Streams", "Script, faults", "Scenario", "Verify", "Sandboxes"),
}
REFUSED = (
    "POST /sandboxes",
    "PUT /sandboxes/default",
    "DELETE /sandboxes/default",
    "POST /sandboxes/default/reset",
    "POST /sandboxes/default/commands",
    "POST /sandboxes/default/clock",
    "POST /sandboxes/default/call",
    "POST /sandboxes/default/streams",
    "POST /sandboxes/default/script",
    "DELETE /sandboxes/default/script",
    "POST /sandboxes/default/faults",
    "DELETE /sandboxes/default/faults",
    "POST /sandboxes/default/stubs",
    "DELETE /sandboxes/default/stubs/busy",
    "DELETE /sandboxes/default/journal",
    "PUT /sandboxes/default/scenario",
    "GET /sandboxes/default/log",
    "PUT /reports/nightly",
)
"""All that the screens ask for when something is pressed that a viewer is not offered."""
NAMES = """() => [...document.querySelectorAll("button, input, select, textarea")]
    .filter((one) => one.checkVisibility())
    .map((one) => one.getAttribute("aria-label") ?? one.closest("label")?.firstChild.textContent ?? one.textContent)
    .map((one) => one.trim().replace(/\\d+/g, "#"))"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Live]:
    """A server with roles, and something on each screen that others may change."""
    home = tmp_path_factory.mktemp("home")
    with serving(home, scenario="demo", clock="paused", sharing=Sharing(TOKENS)) as running:
        call = {"account": "alice", "method": "GET", "target": "/trade-api/v2/portfolio/balance"}
        running.json("POST", "/sandboxes/default/call", call)
        running.json("POST", "/sandboxes/default/commands", [{"account": {"account": "idle"}}])
        running.json("POST", "/sandboxes/default/script", {"after": "1h", "announce": {"message": "busy"}})
        running.json("POST", "/sandboxes/default/faults", {"name": "busy", "then": {"status": 503}, "times": 1})
        running.json("POST", "/sandboxes/default/stubs", {"name": "busy", "request": "GET /nope", "status": 204})
        running.json("PUT", "/reports/nightly", REPORT)
        account = running.json("GET", "/sandboxes/default")["accounts"][0]
        headers = sign("kalshi", account, UnsignedRequest("GET", STREAM_PATH))
        with connect(f"ws://127.0.0.1:{running.port}{STREAM_PATH}", additional_headers=headers) as stream:
            stream.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill"]}}))
            stream.recv()
            yield running


def test_a_viewer_is_offered_what_changes_nothing(tab: Any, live: Live) -> None:
    open_console(tab, live, token=WALL)
    found, keys = {}, set()
    for screen, (text, _) in OFFERED.items():
        tab.evaluate(f"location.hash = '#/s/default/{screen}'")
        tab.locator("main").get_by_text(text).first.wait_for()
        found[screen] = set(tab.evaluate(NAMES)) - HEADER
        tab.keyboard.press("?")
        tab.locator("dialog[open]").wait_for()
        keys |= set(tab.locator("dialog tbody td:last-child").all_inner_texts())
        tab.keyboard.press("Escape")
        tab.locator("dialog").wait_for(state="detached")
    assert found == {screen: names for screen, (_, names) in OFFERED.items()}
    assert keys == KEYS


def test_what_a_viewer_is_not_offered_is_refused_too(live: Live) -> None:
    for asked in REFUSED:
        method, path = asked.split()
        reply = live.control(method, path, b"[]", token=WALL)
        assert (reply.status, b"not_allowed" in reply.body) == (403, True), asked


def test_a_token_for_one_sandbox_opens_makes_and_shows_that_one(tab: Any, live: Live) -> None:
    tab.goto(link_to(live, "", OWNER))
    tab.get_by_role("heading", name="There is no sandbox “alice” yet").wait_for()
    assert tab.get_by_role("link", name="Verify").count() == 0
    tab.get_by_role("button", name="make it").click()
    tab.get_by_role("button", name="Make", exact=True).click()
    tab.get_by_text("live", exact=True).wait_for()
    tab.get_by_role("link", name="Sandboxes").click()
    tab.get_by_role("button", name="Reset alice").wait_for()
    assert tab.locator("main tbody th").all_inner_texts() == ["alice"]
    assert tab.get_by_role("button", name="new sandbox").count() == 0
    tab.evaluate("location.hash = '#/s/default/requests'")
    tab.get_by_role("heading", name="This token is for the sandbox “alice” alone").wait_for()
    tab.get_by_role("link", name="Open it").click()
    tab.get_by_text("No requests yet").wait_for()
