"""The console in Debian's Chromium: 500 frames a second, a journal of 10,000 rows, and the first paint.

python -m benchmarks.console [--seconds 10] [--minutes 0]

The server is a process of its own. A stream of one account has its frames from fills that the control API carries out.
`--minutes` goes on at a tenth of the rate, to see whether the page's memory grows.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
FRAMES_A_SECOND = 500
BATCH_S = 0.1
FRAMES_OF_A_FILL = 2
"""A fill has a frame on its own channel and one on that of positions."""
ROWS = 10_000
MARKET = "KXRAINNYC-25NOV05-T1"
FILL = {"account": "alice", "market": MARKET, "side": "yes", "action": "buy", "count": 1, "price": "0.5"}
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => one.duration)))
    .observe({ type: "longtask", buffered: true });
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--minutes", type=float, default=0)
    asked = parser.parse_args()
    from playwright.sync_api import sync_playwright

    with served() as ready, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        first_paint(browser, ready)
        many_frames(browser, ready, asked.seconds, asked.minutes)
        many_rows(browser, ready)
        browser.close()


@contextmanager
def served() -> Iterator[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        ready_file = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "mockexchange", "serve", "--port", "0", "--ready-file", str(ready_file)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not ready_file.exists():
                time.sleep(0.05)
            yield json.loads(ready_file.read_text(encoding="utf-8"))
        finally:
            server.terminate()
            server.wait()


def opened(browser: Any, ready: dict[str, Any], screen: str) -> Any:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(WATCH)
    code = json.loads(asked_of(ready, "POST", "/console/codes"))["code"]
    page.goto(f"{ready['control_url']}/console/#code={code}&/s/default/{screen}")
    page.get_by_text("live", exact=False).first.wait_for()
    return page


def first_paint(browser: Any, ready: dict[str, Any]) -> None:
    began = time.perf_counter()
    page = opened(browser, ready, "requests")
    shown = time.perf_counter() - began
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"first paint on a cold cache: {painted / 1000:.2f} s; the screen live after {shown:.2f} s")
    page.context.close()


def many_frames(browser: Any, ready: dict[str, Any], seconds: float, minutes: float) -> None:
    from websockets.sync.client import connect

    from mockexchange.clients.request_signers import UnsignedRequest, sign

    shown = json.loads(asked_of(ready, "GET", "/sandboxes/default"))
    path = urlsplit(shown["ws_url"]).path
    headers = sign(shown["accounts"][0]["venue"], shown["accounts"][0], UnsignedRequest("GET", path))
    with connect(shown["ws_url"], additional_headers=headers, max_queue=None) as stream:
        stream.send(json.dumps({"id": 1, "cmd": "subscribe", "params": {"channels": ["fill", "market_positions"]}}))
        page = opened(browser, ready, "streams")
        before = heap_mb(page)
        page.evaluate("window.tasks.length = 0")
        browser.start_tracing(page=page, categories=["toplevel"])
        took = fills(ready, seconds, FRAMES_A_SECOND)
        page.wait_for_timeout(1_500)
        processor = worst_of(browser.stop_tracing())
        count = json.loads(asked_of(ready, "GET", "/sandboxes/default/frames?short=true&last=1"))["count"]
        listed = page.locator(".grid.rows").get_attribute("aria-rowcount")
        tasks = page.evaluate("window.tasks")
        lost = page.locator(".live b.bad").all_inner_texts()
        nodes = page.locator("*").count()
        print(
            f"{count / took:.0f} frames a second for {took:.1f} s: {count} frames, {int(listed or 0) - 1} listed,"
            f" {lost or 'none'} lost; {len(tasks)} long tasks, worst {max(tasks, default=0):.0f} ms,"
            f" {processor:.0f} ms of processor time; heap {before:.1f} to {heap_mb(page):.1f} MB; {nodes} nodes"
        )
        for minute in range(round(minutes)):
            fills(ready, 60, FRAMES_A_SECOND // 10)
            print(f"minute {minute + 1}: heap {heap_mb(page):.1f} MB", flush=True)
        page.context.close()


def worst_of(trace: bytes) -> float:
    """Return the longest task of the page in milliseconds of processor time, which load does not lengthen."""
    events = json.loads(trace)["traceEvents"]
    named = [one for one in events if one["name"] == "thread_name" and one["args"]["name"] == "CrRendererMain"]
    threads = {(one["pid"], one["tid"]) for one in named}
    tasks = [one for one in events if one["name"].endswith("RunTask") and (one["pid"], one["tid"]) in threads]
    return max((one.get("tdur", 0) for one in tasks), default=0) / 1_000


def fills(ready: dict[str, Any], seconds: float, frames_a_second: int) -> float:
    """Carry out fills at a steady pace; return how long it took."""
    steps = [{"fill": FILL}] * round(frames_a_second * BATCH_S / FRAMES_OF_A_FILL)
    began = time.perf_counter()
    for batch in range(round(seconds / BATCH_S)):
        asked_of(ready, "POST", "/sandboxes/default/commands", steps)
        time.sleep(max(0.0, began + (batch + 1) * BATCH_S - time.perf_counter()))
    return time.perf_counter() - began


def many_rows(browser: Any, ready: dict[str, Any]) -> None:
    url = urlsplit(ready["control_url"])
    connection = HTTPConnection(url.hostname or "", url.port)
    for _ in range(ROWS):
        connection.request("GET", "/trade-api/v2/exchange/status")
        connection.getresponse().read()
    began = time.perf_counter()
    page = opened(browser, ready, "requests")
    page.locator(".grid .space > .row").first.wait_for()
    live = time.perf_counter() - began
    page.evaluate("window.tasks.length = 0")
    rows = page.locator(".grid.rows")
    began = time.perf_counter()
    while int(rows.get_attribute("aria-rowcount") or 0) <= ROWS - 1 and time.perf_counter() < began + 120:
        rows.evaluate("(node) => { node.scrollTop = node.scrollHeight; }")
        page.wait_for_timeout(20)
    took = time.perf_counter() - began
    tasks = page.evaluate("window.tasks")
    nodes, count = page.locator("*").count(), int(rows.get_attribute("aria-rowcount") or 1) - 1
    print(
        f"a journal of {count} rows: the newest 200 after {live:.2f} s, scrolled through in"
        f" {took:.1f} s; {len(tasks)} long tasks, worst {max(tasks, default=0):.0f} ms; heap {heap_mb(page):.1f} MB;"
        f" {nodes} nodes"
    )


def heap_mb(page: Any) -> float:
    """Return the page's memory after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.enable")
    session.send("HeapProfiler.collectGarbage")
    used: float = session.send("Runtime.getHeapUsage")["usedSize"]
    session.detach()
    return used / 1e6


def asked_of(ready: dict[str, Any], method: str, path: str, body: Any = None) -> bytes:
    from mockexchange.runtime.http_request import ControlApi

    return ControlApi(ready["control_url"], ready["control_token"], None).send(method, path.lstrip("/"), body).body


if __name__ == "__main__":
    main()
