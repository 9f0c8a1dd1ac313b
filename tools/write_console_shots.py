"""Write the screenshots of docs/console.md: a server with some traffic, and Debian's Chromium.

python -m tools.write_console_shots
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mockexchange.runtime.http_request import ControlApi
from tools.pages import DOCS

IMAGES = DOCS / "screenshots"
CHROMIUM = "/usr/bin/chromium"
SHOTS = {
    "console-requests": ("requests?n=4", 1280, 720, "light"),
    "console-accounts": ("accounts", 1280, 800, "light"),
    "console-orders": ("orders", 1280, 640, "light"),
    "console-scenario": ("scenario", 1280, 640, "dark"),
    "console-verify": ("verify", 1280, 640, "light"),
    "console-streams": ("streams", 1280, 720, "dark"),
}
"""Name of the image: address of the screen, width, height and theme."""
CALLS = (
    ("alice", "GET", "/trade-api/v2/portfolio/balance"),
    ("alice", "GET", "/trade-api/v2/portfolio/positions?limit=2"),
    ("bob", "GET", "/trade-api/v2/portfolio/fills"),
    ("alice", "GET", "/trade-api/v2/portfolio/positions?limit=5000"),
    ("bob", "GET", "/trade-api/v2/portfolio/orders"),
)

MARKET = "KXRAINNYC-25NOV05-T1"
FILL = {"account": "alice", "market": MARKET, "side": "yes", "action": "buy", "count": 3}
FILLS = 8
CHANNELS = ["fill", "market_positions", "orderbook_delta"]
HOLE = {"name": "hole", "match": {"channel": "orderbook_delta", "every": 5}, "then": {"gap": True}}
REPORT = {
    "title": "http://127.0.0.1:8600/trade-api/v2 as of 2026-10",
    "command": "mockexchange verify server http://127.0.0.1:8600 --date 2026-10 --report mock:nightly",
    "rules": [
        {"rule": "answers.schema", "says": "An answer fits its schema.", "kept": 212, "broken": 0, "not_judged": 0}
        | {"outcome": "kept", "seconds": 3.1},
        {"rule": "pages.partition", "says": "The pages of a list have every row once.", "kept": 31, "broken": 1}
        | {"outcome": "broken", "seconds": 1.2, "not_judged": 0}
        | {
            "findings": [
                {
                    "where": "GET /trade-api/v2/portfolio/fills?limit=2",
                    "seen": "the fill 3e4c2f9a is on the first page and on the second",
                    "expected": "each row on one page",
                    "place": "docs/wire.md#pages",
                    "reproduction": "mockexchange call bob GET '/portfolio/fills?limit=2'",
                }
            ]
        },
        {"rule": "stream.gaps", "says": "Numbers of frames have no gap.", "kept": 0, "broken": 0, "not_judged": 2}
        | {"outcome": "not judged", "seconds": 0.0, "reasons": {"the server sent no frame": ["fill", "trade"]}},
    ],
}
SETTLED = {"market": MARKET, "result": "yes"}


def main() -> None:
    from playwright.sync_api import sync_playwright

    with served() as ready, traffic(ready), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, (address, width, height, theme) in SHOTS.items():
            page = opened(browser, ready, address, width, height, theme)
            _prepare(page, address)
            page.screenshot(path=IMAGES / f"{name}.png")
            page.close()
            print(f"{name}.png")
        browser.close()


@contextmanager
def served() -> Iterator[dict[str, Any]]:
    """Serve the demo scenario with a paused clock; yield the content of the ready file."""
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "mockexchange", "serve", "--port", "0", "--clock", "paused"]
        server = subprocess.Popen([*command, "--ready-file", str(ready_file)], stdout=subprocess.DEVNULL)
        try:
            yield _wait_for(ready_file)
        finally:
            server.terminate()
            server.wait()


def _wait_for(ready_file: Path) -> dict[str, Any]:
    for _ in range(300):
        if ready_file.exists():
            ready: dict[str, Any] = json.loads(ready_file.read_text(encoding="utf-8"))
            return ready
        time.sleep(0.1)
    raise SystemExit("the server did not start")


@contextmanager
def traffic(ready: dict[str, Any]) -> Iterator[None]:
    """Send requests, some of them refused, and open a stream that misses a fill."""
    from websockets.sync.client import connect

    from mockexchange.clients.request_signers import UnsignedRequest, sign

    control = ControlApi(ready["control_url"], ready["control_token"], None)
    for account, method, target in CALLS:
        control.send("POST", "sandboxes/default/call", {"account": account, "method": method, "target": target})
    shown = json.loads(control.send("GET", "sandboxes/default", None).body)
    url = shown["ws_url"]
    headers = sign(shown["accounts"][0]["venue"], shown["accounts"][0], UnsignedRequest("GET", urlsplit(url).path))
    with connect(url, additional_headers=headers) as stream:
        stream.send(
            json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": CHANNELS, "market_tickers": [MARKET]}})
        )
        control.send("POST", "sandboxes/default/faults", HOLE)
        control.send("POST", "sandboxes/default/script", {"after": "1h", "settle": SETTLED})
        for number in range(FILLS):
            control.send("POST", "sandboxes/default/commands", [{"fill": {**FILL, "price": f"0.5{number}"}}])
            time.sleep(0.05)
            book = {"market": MARKET, "yes": [["0.48", 20 + number]], "no": [["0.41", 30]]}
            control.send("POST", "sandboxes/default/commands", [{"orderbook": book}])
            time.sleep(0.1)
        control.send("PUT", "reports/nightly", REPORT)
        yield


def opened(browser: Any, ready: dict[str, Any], address: str, width: int, height: int, theme: str) -> Any:
    """Open a screen in a tab of its own, and wait until it shows what there is."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    control = ControlApi(ready["control_url"], ready["control_token"], None)
    code = json.loads(control.send("POST", "console/codes", None).body)["code"]
    page.goto(f"{ready['control_url']}/console/#code={code}&/s/default/{address}")
    page.get_by_text("live", exact=True).wait_for()
    page.wait_for_timeout(900)
    if address == "streams":
        page.keyboard.press("w")
        page.wait_for_timeout(600)
    return page


def _prepare(page: Any, address: str) -> None:
    """Make the mistake that the picture of a scenario shows."""
    if address == "scenario":
        field = page.get_by_label("scenario", exact=True)
        text = field.input_value()
        field.fill(text.replace("price: 0.56", "prise: 0.56", 1))
        page.get_by_role("button", name="line").first.click()
        page.wait_for_timeout(400)


if __name__ == "__main__":
    main()
