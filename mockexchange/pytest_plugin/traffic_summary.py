"""Summarizes an exchange's traffic: requests, reasons of refusals, frames, and pending script steps."""

from collections.abc import Iterator

from mockexchange.api.synchronous.exchange import Exchange
from mockexchange.api.values.records import Frame, Request

REQUESTS_SHOWN_MAX = 10
FRAMES_SHOWN_MAX = 6
LOST_SHOWN_MAX = 3
NAMES_SHOWN_MAX = 5
LINE_CHARS_MAX = 400
"""Characters of a line; a URL with a cursor has 200, a long diagnosis 300."""
INDENT = "    "
WAITS_FOR = {"scheduled": "has not happened yet, it does", "waiting": "waits for a client to set it off"}
"""Texts about a script step that has not run yet, by the step's state."""


def lines_of(exchange: Exchange) -> Iterator[str]:
    """Yield the lines of the summary of an exchange's traffic.

    Raises MockExchangeError if the server does not answer.
    """
    header = exchange.ask("GET", "log")[0]
    clock = exchange.ask("GET", "clock")
    yield (
        f"{exchange.name} at {exchange.base_url}: scenario {header['scenario']} (seed {header['seed']}),"
        f" API date {header['api_date']}, clock {clock['mode']}"
    )
    yield from _requests(exchange.journal.last(REQUESTS_SHOWN_MAX))
    frames = exchange.journal.frames()
    yield from _frames([frame for frame in frames if frame.direction != "lost"])
    yield from _lost([frame for frame in frames if frame.direction == "lost"])
    # The pending script steps, and what each waits for.
    steps = exchange.ask("GET", "script")
    waiting = [step for step in steps if step["state"] in WAITS_FOR]
    for step in waiting[:NAMES_SHOWN_MAX]:
        time = f" at {step['next']} (exchange time)" if step["next"] else ""
        yield cut(f"the script's {step['name']} ({step['action']}) {WAITS_FOR[step['state']]}{time}")
    if clock["mode"] == "paused" and any(step["next"] for step in waiting):
        yield f"the clock is paused at {clock['now']}: only exchange.advance(...) brings them about"
    stubs = exchange.ask("GET", "stubs")
    unused = [stub["request"] for stub in stubs if not stub["matched"]]
    if unused:
        more = f" and {len(unused) - NAMES_SHOWN_MAX} more" if len(unused) > NAMES_SHOWN_MAX else ""
        yield cut(f"stubs that nobody asked for: {', '.join(unused[:NAMES_SHOWN_MAX])}{more}")


def _requests(requests: list[Request]) -> Iterator[str]:
    if not requests:
        yield "no requests came"
        return
    count = requests[-1].number
    yield "requests:" if len(requests) == count else f"requests, the last {len(requests)} of {count}:"
    for request in requests:
        latency_ms = request.latency.total_seconds() * 1e3
        yield f"  {cut(request.title)} ({latency_ms:.1f} ms)"
        for why in filter(None, (request.diagnosis, *request.findings, _cause_of(request))):
            yield INDENT + cut(why)


def _cause_of(one: Request | Frame) -> str | None:
    if one.fault:
        return f"the fault {one.fault} made it so"
    return f"answered by the stub {one.stub}" if one.stub else None


def _frames(frames: list[Frame]) -> Iterator[str]:
    """Yield the last frames of all streams."""
    if not frames:
        return
    shown = frames[-FRAMES_SHOWN_MAX:]
    yield "frames:" if len(shown) == len(frames) else f"frames, the last {len(shown)} of {len(frames)}:"
    for frame in shown:
        yield f"  {cut(' '.join([frame.title, frame.raw.decode(errors='backslashreplace')]))}"
        for why in filter(None, (frame.note, _cause_of(frame) if frame.direction == "out" else None)):
            yield INDENT + cut(why)


def _lost(frames: list[Frame]) -> Iterator[str]:
    if not frames:
        return
    yield f"frames that did not go out: {len(frames)}" + (", the last:" if len(frames) > LOST_SHOWN_MAX else ":")
    for frame in frames[-LOST_SHOWN_MAX:]:
        why = frame.note or frame.fault or "the client did not read"
        yield f"  {cut(f'{frame.title}: {why}')}"


def cut(text: str) -> str:
    """Return the text on one line, cut to a maximum length."""
    line = " ".join(text.split())
    return line if len(line) <= LINE_CHARS_MAX else f"{line[: LINE_CHARS_MAX - 3]}..."
