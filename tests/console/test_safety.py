"""What the page must not do: show a secret, run what others wrote, or answer under a foreign name."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.sync.client import connect

from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.venues.kalshi.catalogue import STREAM_PATH
from tests.console.conftest import FOREIGN_HOST, link_to, open_console
from tests.console.test_accessibility import SCREENS
from tests.console.test_requests import HOSTILE
from tests.server.live import Live, SandboxView
from tests.server.small import SMALL

HOSTILE_SCENARIO = SMALL.replace("event: RAIN", f"title: {json.dumps(HOSTILE)}, event: RAIN")
RULE = {"rule": "a", "says": HOSTILE, "kept": 1, "broken": 0, "not_judged": 0, "seconds": 1, "outcome": "kept"}
REPORT = {"title": HOSTILE, "command": HOSTILE, "rules": [RULE]}
ASKED_FOR = {
    "requests": ("accounts", "journal/1"),
    "accounts": ("accounts/alice/ledger",),
    "orders": ("markets",),
    "streams": ("streams",),
    "script": ("script",),
    "scenario": ("scenario",),
}
"""Parts of a sandbox that a screen asks for."""


def path_of(url: str) -> str:
    return url.partition("/_mock")[2].partition("?")[0]


def wait_for_answer(tab: Any, answers: list[Any], path: str) -> None:
    """Wait for the answer from a path, unless it is among the answers."""
    if path not in {path_of(one.url) for one in answers}:
        tab.wait_for_event("response", lambda one: path_of(one.url) == path)


@pytest.fixture
def sandbox(live: Live) -> Iterator[SandboxView]:
    """A sandbox in which everything that a stranger can write is hostile, with a stream that is open."""
    made = live.sandbox("hostile", HOSTILE_SCENARIO, clock="paused")
    made.call("POST", "/faults", {"name": "<i>x</i>", "match": {"operation": "GetFills"}, "then": {"body": HOSTILE}})
    made.call("POST", "/stubs", {"name": "<b>x</b>", "request": "GET /x", "text": HOSTILE, "signed": False})
    made.call("POST", "/script", {"after": "1h", "announce": {"message": HOSTILE}})
    live.json("PUT", "/reports/hostile", REPORT)
    headers = sign("kalshi", made.shown["accounts"][0], UnsignedRequest("GET", STREAM_PATH))
    with connect(f"ws://127.0.0.1:{made.port}{STREAM_PATH}", additional_headers=headers) as stream:
        stream.send(json.dumps({"id": 1, "cmd": HOSTILE}))
        stream.recv()
        made.call("POST", "/streams", {"send": {"text": HOSTILE}})
        stream.recv()
        yield made


def test_no_screen_runs_or_renders_what_others_wrote(tab: Any, live: Live, sandbox: SandboxView) -> None:
    open_console(tab, live, f"/s/{sandbox.name}/streams?n=2")
    tab.locator(".detail pre").get_by_text("onerror").wait_for()
    seen = {}
    for screen in SCREENS:
        tab.evaluate(f"location.hash = '#/s/{sandbox.name}/{screen}'")
        tab.locator(f"main.{screen}").wait_for()
        if screen in ("orders", "script", "verify"):
            tab.locator("main").get_by_text("onerror").first.wait_for(state="attached")
        seen[screen] = tab.locator("main :is(img, script, iframe, b:text-is('x'), i:text-is('x'))").count()
        assert tab.title().endswith("· hostile · mockexchange")
    assert seen == dict.fromkeys(SCREENS, 0)


def test_no_answer_that_a_screen_asks_for_has_a_secret(tab: Any, live: Live) -> None:
    sandbox = live.sandbox("secrets", SMALL, clock="paused")
    sandbox.ask(sandbox.client().get("/portfolio/balance"))
    answers: list[Any] = []
    tab.on("response", lambda one: answers.append(one))  # noqa: PLW0108  # it sets an attribute of what it is given
    open_console(tab, live, "/s/secrets/requests?n=1")
    tab.get_by_label("Request 1").wait_for()
    for screen in SCREENS:
        tab.evaluate(f"location.hash = '#/s/secrets/{screen}'")
        tab.locator(f"main.{screen}").wait_for()
        for part in ASKED_FOR.get(screen, ()):
            wait_for_answer(tab, answers, f"/sandboxes/secrets/{part}")
    tab.get_by_role("button", name="Reset secrets").click()
    tab.get_by_role("dialog").get_by_role("button", name="reset", exact=True).click()
    tab.get_by_text("secrets began anew").wait_for()
    asked = [one for one in answers if "/_mock/" in one.url and not re.search("/console/|/events", one.url)]
    assert ("GET", "/sandboxes/secrets") not in {(one.request.method, path_of(one.url)) for one in asked}
    pems = [one["private_key_pem"] or "" for one in sandbox.shown["accounts"]]
    lines = [line for pem in pems for line in pem.splitlines()[1:-1]]
    assert lines
    bodies = [one.text() for one in asked if one.request.method != "DELETE"]
    assert not [line for line in lines for body in bodies if line in body]


def test_a_foreign_name_of_this_machine_shows_nothing(tab: Any, live: Live) -> None:
    answer = tab.goto(link_to(live).replace("127.0.0.1", FOREIGN_HOST))
    assert answer.status == 403
    assert tab.locator("#app, script").count() == 0
    assert tab.evaluate("sessionStorage.length") == 0
