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

from tools.pages import DOCS

IMAGES = DOCS / "screenshots"
CHROMIUM = "/usr/bin/chromium"
SHOTS = {
    "console-requests": ("requests?n=4", 1280, 720, "light"),
    "console-accounts": ("accounts", 1280, 800, "light"),
    "console-orders": ("orders", 1280, 640, "light"),
    "console-scenario": ("scenario", 1280, 640, "dark"),
    "console-streams": ("streams?n=6", 1280, 720, "dark"),
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
HOLE = {"name": "hole", "match": {"channel": "fill", "every": 4}, "then": {"gap": True}}
SETTLED = {"market": MARKET, "result": "yes"}


def main() -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "mockexchange", "serve", "--port", "0", "--clock", "paused"]
        server = subprocess.Popen([*command, "--ready-file", str(ready_file)], stdout=subprocess.DEVNULL)
        try:
            ready = _wait_for(ready_file)
            with _traffic(ready), sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
                for name, shot in SHOTS.items():
                    _shoot(browser, ready, IMAGES / f"{name}.png", shot)
                browser.close()
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
def _traffic(ready: dict[str, Any]) -> Iterator[None]:
    """Send requests, some of them refused, and open a stream that misses a fill."""
    from websockets.sync.client import connect

    from mockexchange.clients.request_signers import UnsignedRequest, sign
    from mockexchange.runtime.http_request import ControlApi

    control = ControlApi(ready["control_url"], ready["control_token"], None)
    for account, method, target in CALLS:
        control.send("POST", "sandboxes/default/call", {"account": account, "method": method, "target": target})
    shown = json.loads(control.send("GET", "sandboxes/default", None).body)
    url = shown["ws_url"]
    headers = sign(shown["accounts"][0]["venue"], shown["accounts"][0], UnsignedRequest("GET", urlsplit(url).path))
    with connect(url, additional_headers=headers) as stream:
        stream.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill", "market_positions"]}}))
        control.send("POST", "sandboxes/default/faults", HOLE)
        control.send("POST", "sandboxes/default/script", {"after": "1h", "settle": SETTLED})
        for number in range(FILLS):
            control.send("POST", "sandboxes/default/commands", [{"fill": {**FILL, "price": f"0.5{number}"}}])
            time.sleep(0.1)
        yield


def _shoot(browser: Any, ready: dict[str, Any], path: Path, shot: tuple[str, int, int, str]) -> None:
    address, width, height, theme = shot
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(f"{ready['control_url']}/console/#token={ready['control_token']}&/s/default/{address}")
    page.get_by_text("live", exact=True).wait_for()
    page.wait_for_timeout(500)
    page.screenshot(path=path)
    page.close()
    print(path.name)


if __name__ == "__main__":
    main()
