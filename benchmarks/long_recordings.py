"""What `import` and `drift` take of long recordings: memory must not grow with them.

    python -m benchmarks.long_recordings [--smoke] [--sizes 20,100,1000] [--kinds polled,varied,frames]

Sizes are in megabytes. `polled` is a program that asks for the same three pages of an account with 200 fills; in
`varied` each request has a query of its own, and each answer a cursor of its own; `frames` are the frames of streams
that end after some thousand frames. Memory is the most that the whole command had.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.record import LATEST_US, STREAM, scenario_of
from mockexchange.importing.verification import Emulated, plan_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.venues.registry import DEFAULT

DATE = "2026-06"
PAGES = tuple(f"/trade-api/v2/portfolio/{read}" for read in ("fills?limit=200", "positions", "balance"))
FILLS = 200
MEGABYTE = 1_000_000
FRAMES_OF_A_STREAM = 5_000
COMMANDS = ("import", "drift")
KINDS = ("polled", "varied", "frames")
PEAK = "VmHWM:"
MEASURED = f"""
import atexit, pathlib, sys
status = pathlib.Path("/proc/self/status")
atexit.register(lambda: print(*[one for one in status.read_text().splitlines() if "{PEAK}" in one], file=sys.stderr))
from mockexchange.cli import main
main(sys.argv[1:])
"""
"""A program that runs a command and prints the most memory that it had; rusage has that of the process before, too."""
SUBSCRIBE = '{"id":1,"cmd":"subscribe","params":{"channels":["ticker"]}}'
SUBSCRIBED = '{"type":"subscribed","id":1,"msg":{"channel":"ticker","sid":1}}\n'
Line = dict[str, Any]


class Taken(NamedTuple):
    """What a command took, and the last line that it printed."""

    peak_kb: int
    processor_s: float
    printed: str


def write_long(path: Path, size: int, kind: str = "polled") -> Path:
    """Write a recording of at least that many bytes."""
    asyncio.run(_record_once(path))
    header, *lines, end = path.read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    made = _frames(entries[-1]) if kind == "frames" else _answers(entries, is_varied=kind == "varied")
    written = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in (header, *lines)))
        while written < size:
            written += file.write(json.dumps(next(made)) + "\n")
        file.write(f"{end}\n")
    return path


async def _record_once(path: Path) -> None:
    """Write a recording that has each page once."""
    file = RecordingFile(path, Redactor(), "the mock", at=0)
    emulated = await Emulated.open(plan_of(scenario_of(FILLS)), DEFAULT.name, DEFAULT.api_date(DATE))
    await emulated.advance(LATEST_US)
    for page in PAGES:
        reply = emulated.ask(page, LATEST_US)
        file.add_request(Exchanged("GET", page, [], b"", reply.status, [], reply.body.encode(), LATEST_US, 1))
    file.finish()


def _answers(entries: list[Line], *, is_varied: bool) -> Iterator[Line]:
    at = LATEST_US
    while True:
        for found in entries:
            at += 1
            own = {"target": _with(found["target"], at), "answer": _with_cursor(found["answer"], at)}
            yield {**found, **(own if is_varied else {}), "at_us": at}


def _with(target: str, at: int) -> str:
    return f"{target}{'&' if '?' in target else '?'}max_ts={at}"


def _with_cursor(answer: str, at: int) -> str:
    return answer.replace('"cursor":""', f'"cursor":"{at}"')


def _frames(entry: Line) -> Iterator[Line]:
    """Yield streams that end, each with many frames that differ."""
    connection, at = 0, LATEST_US
    while True:
        connection += 1
        yield {**entry, "target": STREAM, "status": 101, "answer": "", "connection": connection, "at_us": at}
        begun = (("out", "open", ""), ("in", "", SUBSCRIBE), ("out", "", SUBSCRIBED))
        tickers = (("out", "", _ticker(at + count)) for count in range(FRAMES_OF_A_STREAM))
        for direction, kind, text in (*begun, *tickers, ("out", "close", "")):
            at += 1
            yield {"direction": direction, "kind": kind, "frame": text, "connection": connection, "at_us": at}


def _ticker(at: int) -> str:
    message = {
        "market_ticker": "KXA00-26-T00",
        "market_id": "00000000-0000-0000-0000-000000000001",
        "price_dollars": f"0.{10 + at % 90}00",
        "yes_bid_dollars": "0.4100",
        "yes_ask_dollars": "0.4200",
        "volume_fp": f"{at}.00",
        "open_interest_fp": "10.00",
        "dollar_volume": at,
        "dollar_open_interest": 10,
        "yes_bid_size_fp": "1.00",
        "yes_ask_size_fp": "1.00",
        "last_trade_size_fp": "1.00",
        "ts": at // 1_000_000,
        "ts_ms": at // 1_000,
        "time": "2026-06-11T00:00:00Z",
    }
    return json.dumps({"type": "ticker", "sid": 1, "msg": message}, separators=(",", ":")) + "\n"


def measured(command: str, recording: Path, out: Path) -> Taken:
    """Run a command on a recording. A failure is an AssertionError."""
    written = ("--out", str(out)) if command == "import" else ()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, command, str(recording), "--api-date", DATE, *written],
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, f"{done.stdout[-2000:]}{done.stderr}"
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Taken(int(done.stderr.rpartition(PEAK)[2].split()[0]), used, done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="seconds, to prove that it works")
    parser.add_argument("--sizes", default="20,100,1000", help="megabytes")
    parser.add_argument("--kinds", default=",".join(KINDS))
    asked = parser.parse_args()
    for kind in asked.kinds.split(","):
        for size in [1] if asked.smoke else map(int, asked.sizes.split(",")):
            with tempfile.TemporaryDirectory() as folder:
                path = write_long(Path(folder) / "run.jsonl", size * MEGABYTE, kind)
                for command in COMMANDS:
                    found = measured(command, path, Path(folder) / "account.yaml")
                    print(
                        f"{kind}, {size:,} MB, {command}: {found.peak_kb / 1000:.0f} MB at its largest,"
                        f" {found.processor_s:.1f} s of processor time; {found.printed.replace(folder, '').strip()}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
