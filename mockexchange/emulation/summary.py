"""Describes the result of a run as lines of text for people, and as checks for reports."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mockexchange.clients.published import CLIENTS
from mockexchange.emulation.hosts import EMULATED
from mockexchange.emulation.run import DEMO, RunResult
from mockexchange.sandbox.journal import JournalEntry

LINES_MAX = 10
"""The most lines that are shown of each kind; a client that is refused in a loop repeats the same line."""
OPERATIONS_MAX = 6
TARGET_CHARS_MAX = 120
NAME_CHARS_MAX = 40


@dataclass(frozen=True, slots=True)
class RunCheck:
    """A rule that every run is checked by: its id, its text, and its violations in this run.

    A violation is (where, seen, expected).
    """

    rule: str
    description: str
    broken: tuple[tuple[str, str, str], ...]


def lines_of(result: RunResult) -> Iterator[str]:
    """Yield the lines of text that summarize a run, the totals first."""
    elsewhere = f", {_count(result.elsewhere, 'request')} to sandboxes of its own" if result.elsewhere else ""
    total = f"{_count(len(result.requests), 'request')}{_operations(result)}{_streams(result)}{elsewhere}"
    yield f"{total} in {result.seconds:.1f} s"
    yield from _shortened([f"{times}refused {text}" for text, times in _refusals(result)], "refusals")
    yield from _shortened([f"{times}finding: {text}" for text, times in _findings(result)], "findings")
    if not result.dials and not result.guarded and not result.proxied:
        yield unseen(result)
    elif not result.requests and not result.elsewhere and not result.dials:
        yield nothing_arrived(result)


def dial_lines(result: RunResult) -> list[str]:
    """Return a line for each distinct attempt to reach a real host, with advice."""
    lines = [f"refused {text}{times}" for text, times in _counted(map(str, result.dials), "{} times", " ({})")]
    could_be_here = not _is_demo(result) and any(dial.host in EMULATED for dial in result.dials)
    return [*lines, *(["with --as demo that demo is answered here"] if could_be_here else [])]


def nothing_arrived(result: RunResult) -> str:
    """Return a sentence with the probable reason why the sandbox got no request."""
    if result.guarded or result.proxied:
        return (
            "no request arrived, and no real venue was dialled; what a program asks of a mock server that it starts"
            f" itself, as a test fixture may, is not counted here{_hint(result)}"
        )
    return unseen(result)


def unseen(result: RunResult) -> str:
    """Return a warning for a run in which the guard could not observe the program's connections."""
    count = len(result.requests) + result.elsewhere
    arrived = f"{_count(count, 'request')} arrived" if count else "no request arrived"
    trust = ", and trust SSL_CERT_FILE" if _is_demo(result) else ""
    return (
        f"WARNING: {arrived}, but no Python and no Node was started that the guard could look into, and nothing came"
        " through HTTPS_PROXY: what else the program dialled was not seen and could not be refused, such as a stream."
        f" See that REST and stream are both pointed here, or let it use HTTPS_PROXY{trust}; until then give it no real"
        f" keys and no network{_hint(result)}"
    )


def _hint(result: RunResult) -> str:
    client = result.settings.client
    known = CLIENTS[client]
    return f"; {client} {known.unpointed}, so write: {'; '.join(known.code)}" if known.unpointed else ""


def run_checks(result: RunResult) -> list[RunCheck]:
    """Return the checks of a run for a report: one for each rule of runs."""
    code, command = result.code, result.settings.command[0]
    return [
        RunCheck(
            "run.exit",
            "the program ends with exit code 0",
            ((command, f"exit code {code}" + (", ended by us" if result.was_ended else ""), "exit code 0"),)
            * bool(code),
        ),
        RunCheck(
            "run.venues",
            "no real venue is dialled",
            tuple((dial.host, str(dial), "only the sandbox") for dial in dict.fromkeys(result.dials)),
        ),
        RunCheck(
            "run.refused",
            "the exchange refuses nothing",
            tuple((_target(entry), _answer(entry), "an answer below 400") for entry in _refused(result)[:LINES_MAX]),
        ),
        RunCheck(
            "run.requests",
            "requests arrive at the sandbox",
            ((command, nothing_arrived(result), "at least one request"),)
            * (not result.requests and not result.elsewhere),
        ),
    ]


def _is_demo(result: RunResult) -> bool:
    return result.settings.mode == DEMO


def _operations(result: RunResult) -> str:
    counts = Counter(entry.operation or _target(entry, NAME_CHARS_MAX) for entry in result.requests)
    named = [f"{name} {count}" for name, count in counts.most_common(OPERATIONS_MAX)]
    more = len(counts) - OPERATIONS_MAX
    return f" ({', '.join(named)}{f' and {more} more' if more > 0 else ''})" if named else ""


def _streams(result: RunResult) -> str:
    opened = sum(frame.kind == "open" for frame in result.frames)
    sent = sum(frame.direction == "out" and frame.kind not in {"open", "close"} for frame in result.frames)
    return f", {_count(opened, 'stream')}, {_count(sent, 'frame')} sent" if opened else ""


def _refused(result: RunResult) -> list[JournalEntry]:
    return [entry for entry in result.requests if entry.status >= 400]


def _refusals(result: RunResult) -> list[tuple[str, str]]:
    return _counted((f"{_target(entry)}: {_answer(entry)}" for entry in _refused(result)), "{} times ", "{}")


def _findings(result: RunResult) -> list[tuple[str, str]]:
    return _counted((text for entry in result.requests for text in entry.findings), "{} times ", "{}")


def _counted(texts: Iterator[str], many: str, shown: str) -> list[tuple[str, str]]:
    """Return each distinct text, with its count if there are several."""
    return [(text, shown.format(many.format(count)) if count > 1 else "") for text, count in Counter(texts).items()]


def _shortened(lines: list[str], what: str) -> list[str]:
    more = len(lines) - LINES_MAX
    return [*lines[:LINES_MAX], *([f"and {more} more {what}"] if more > 0 else [])]


def _target(entry: JournalEntry, chars_max: int = TARGET_CHARS_MAX) -> str:
    return f"{entry.method} {entry.path[:chars_max]}" + ("..." if len(entry.path) > chars_max else "")


def _answer(entry: JournalEntry) -> str:
    why = entry.diagnosis or (f"the fault {entry.fault}" if entry.fault else "")
    return f"{entry.status}" + (f", {why}" if why else "")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")
