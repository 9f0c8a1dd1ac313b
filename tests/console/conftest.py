"""A browser for all tests here, a server for each module, and a tab for each test.

Playwright keeps an event loop in its thread while it runs, so that it has to end before tests of other folders start.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.installations import await_installations
from tests.helpers.patience import PATIENCE_S
from tests.server.live import TOKEN, Live, serving

CHROMIUM = Path("/usr/bin/chromium")
FOREIGN_HOST = "evil.test"
"""A name of another owner that leads to this machine, as after DNS rebinding."""
ARGUMENTS = [
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    f"--host-resolver-rules=MAP {FOREIGN_HOST} 127.0.0.1",
]
PATIENCE_MS = PATIENCE_S * 1_000
"""For what the page does by itself, on a machine that is busy."""
DISTANT_MS = 300
"""The delay of a request to a distant server."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs the extra console, or dev: playwright")
    await_installations()
    if not CHROMIUM.exists():
        pytest.skip(f"needs {CHROMIUM}: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        sync_api.expect.set_options(timeout=PATIENCE_MS)
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[Live]:
    with serving(tmp_path_factory.mktemp("home"), scenario="demo", clock="paused") as running:
        yield running


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A tab of its own; what the page reports as an error, such as a breach of its policy, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: _note(problems, message))
    yield page
    context.close()
    assert problems == []


def _note(problems: list[str], message: Any) -> None:
    """Note breaches of the policy. The page itself shows failed requests; a stub's script is blocked on purpose."""
    if message.type == "error" and not message.text.startswith(("Failed to load resource", "Blocked script execution")):
        problems.append(message.text)


def delay_requests(tab: Any) -> None:
    """Delay the requests of a tab from now on, as a distant server would."""
    session = tab.context.new_cdp_session(tab)
    session.send("Network.enable")
    delays = {"offline": False, "latency": DISTANT_MS, "downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", delays)


def open_console(tab: Any, live: Live, address: str = "/s/default/requests", token: str = TOKEN) -> None:
    """Open the console as `mockexchange console` does, and wait until it is live."""
    tab.goto(link_to(live, address, token))
    tab.get_by_text("live", exact=True).wait_for()


def link_to(live: Live, address: str = "/s/default/requests", token: str = TOKEN) -> str:
    """Return a link as `mockexchange console` makes it: with a code that stands for a token."""
    issued = json.loads(live.control("POST", "/console/codes", token=token).body)
    return f"http://127.0.0.1:{live.port}/_mock/console/#code={issued['code']}&{address}"
