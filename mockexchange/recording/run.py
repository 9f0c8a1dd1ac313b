"""Runs the recording proxy once: beside a program that it starts, or until a signal."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mockexchange.clients.published import CLIENT_SETUPS
from mockexchange.emulation.child_process import CannotStart, Program
from mockexchange.emulation.signals import SignalForwarder
from mockexchange.emulation.tcp_listener import TcpListener
from mockexchange.recording.har import har_of
from mockexchange.recording.proxy import RecordingProxy
from mockexchange.recording.recording_file import BYTES_MAX, PART, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.recording.upstreams import Upstreams
from mockexchange.venues.registry import VENUES

HAR, LINES = ".har", ".jsonl"
RECORD_URL = "MOCKEXCHANGE_RECORD_URL"
WHERE = ("{base_url}", "{ws_url}", "{origin}", "{ws_origin}")
"""Templates of URLs."""
STOPPED_BY = ("SIGINT", "SIGTERM", "SIGHUP")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettings:
    """The settings of a recording through the proxy.

    The proxy records while the program `command` runs; if `command` is empty, until SIGINT or SIGTERM.
    """

    upstreams: Upstreams
    out: Path
    port: int = 0
    allows_writes: bool = False
    bytes_max: int = BYTES_MAX
    command: Sequence[str] = ()
    environment: Mapping[str, str]


@dataclass(slots=True)
class RecordResult:
    """The result of a finished recording: counts by kind of line, and the program's exit code."""

    counts: Counter[str]
    code: int = 0


async def record(
    settings: RecordSettings,
    announce: Callable[[str], None] = lambda origin: None,
    note: Callable[[str], None] = lambda line: None,
) -> RecordResult:
    """Record until the program ends or a signal arrives, and return the result.

    Calls `announce` with the proxy's origin when it listens, and `note` with lines for the user. Raises OSError,
    SecretFound, and CannotStart without leaving a file. If it is cancelled, the file is finished.
    """
    target = " ".join(map(str, settings.upstreams.all))
    file = RecordingFile(settings.out, Redactor(), target, bytes_max=settings.bytes_max)
    proxy = RecordingProxy(settings.upstreams, file, allows_writes=settings.allows_writes, announce=note)
    code = 0
    try:
        async with TcpListener(proxy.serve, port=settings.port) as listener:
            origin = f"http://127.0.0.1:{listener.port}"
            announce(origin)
            if settings.command:
                code = await _run_program(settings, origin)
            else:
                # Wait for a signal that ends the recording.
                stopped = asyncio.Event()
                with _handled(stopped.set):
                    await stopped.wait()
    except (OSError, CannotStart):
        file.abandon()
        raise
    except asyncio.CancelledError:  # Ctrl-C before or without a handler of signals
        finish(file, settings.out)
        raise
    return RecordResult(finish(file, settings.out), code)


def finish(file: RecordingFile, out: Path) -> Counter[str]:
    """Finish a recording's file, converted to HAR if `out` ends in .har, and return its counts. Raises SecretFound.

    Raises OSError if the HAR cannot be written; the JSON lines are then kept under another name.
    """
    counts = file.finish()
    if out.suffix == HAR:
        lines, whole = out.with_name(out.name + LINES), out.with_name(out.name + PART)
        out.replace(lines)
        try:
            with lines.open(encoding="utf-8") as source:
                har = json.dumps(har_of(map(_parsed, source)))
            whole.write_text(har, encoding="utf-8")
            whole.replace(out)
        except OSError as error:
            whole.unlink(missing_ok=True)
            raise OSError(f"{out} cannot be written ({error.strerror or error}): its lines are in {lines}") from None
        lines.unlink()
    return counts


def url_variables(origin: str) -> dict[str, str]:
    """Return the environment variables that point known clients to the proxy. The user sets those for keys."""
    stream = origin.replace("http", "ws", 1)
    found = {RECORD_URL: origin}
    for name, setup in CLIENT_SETUPS.items():
        venue = VENUES[name]
        urls = {"base_url": origin + venue.prefix, "ws_url": stream + venue.stream.paths[0]}
        values = {**urls, "origin": origin, "ws_origin": stream}
        templates = setup.generic.exports.items()
        found |= {one: text.format(**values) for one, text in templates if any(where in text for where in WHERE)}
    return found


async def _run_program(settings: RecordSettings, origin: str) -> int:
    relay = SignalForwarder()
    with relay.taking():
        program = await Program.start(settings.command, {**settings.environment, **url_variables(origin)})
        relay.hand_to(program)
        return await program.wait()


@contextmanager
def _handled(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    numbers: Iterable[Any] = [number for name in STOPPED_BY if (number := getattr(signal, name, None)) is not None]
    with suppress(NotImplementedError, RuntimeError):  # Windows and other threads: the loop is interrupted itself
        for number in numbers:
            loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError):
            for number in numbers:
                loop.remove_signal_handler(number)


def _parsed(line: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    return found
