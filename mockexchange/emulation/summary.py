"""What is worth saying of a run, in lines for people, and as run_checks for reports."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from mockexchange.clients.published import CLIENTS, GENERIC
from mockexchange.emulation.hosts import EMULATED
from mockexchange.emulation.run import DEMO, RunResult
from mockexchange.sandbox.journal import JournalEntry

LINES_MAX = 10
"""Of each kind; a loop that is refused says the same a thousand times."""
OPERATIONS_MAX = 6
TARGET_CHARS_MAX = 120
NAME_CHARS_MAX = 40


@dataclass(frozen=True, slots=True)
class RunCheck:
    """A rule, what it says, and what broke it: (where, seen, expected)."""

    rule: str
    says: str
    broken: tuple[tuple[str, str, str], ...]


def lines_of(ran: RunResult) -> Iterator[str]:
    """Yield what the summary says, the whole first."""
    yield f"{_count(len(ran.requests), 'request')}{_operations(ran)}{_streams(ran)} in {ran.seconds:.1f} s"
    yield from _shortened([f"{times}refused {words}" for words, times in _refusals(ran)], "refusals")
    yield from _shortened([f"{times}finding: {words}" for words, times in _findings(ran)], "findings")
    if not ran.dials and not ran.guarded and not ran.proxied:
        yield unseen(ran)
    elif not ran.requests and not ran.dials:
        yield nothing_arrived(ran)


def dial_lines(ran: RunResult) -> list[str]:
    """Who dialled what, and how to mend it; each once."""
    lines = [f"refused {words}{times}" for words, times in _counted(map(str, ran.dials), "{} times", " ({})")]
    could_be_here = not _is_demo(ran) and any(dial.host in EMULATED for dial in ran.dials)
    return [*lines, *(["with --as demo that demo is answered here"] if could_be_here else [])]


def nothing_arrived(ran: RunResult) -> str:
    """Why that may be."""
    if ran.guarded or ran.proxied:
        return f"no request arrived, and no venue was dialled: the program asked no venue anything{_hint(ran)}"
    return unseen(ran)


def unseen(ran: RunResult) -> str:
    """A warning: whatever the program dialled but us, nobody here could see."""
    arrived = f"{_count(len(ran.requests), 'request')} arrived" if ran.requests else "no request arrived"
    trust = ", and trust SSL_CERT_FILE" if _is_demo(ran) else ""
    return (
        f"WARNING: {arrived}, but no Python and no Node was started that the guard could look into, and nothing came"
        " through HTTPS_PROXY: what else the program dialled was not seen and could not be refused, such as a stream."
        f" See that REST and stream are both pointed here, or let it use HTTPS_PROXY{trust}; until then give it no real"
        f" keys and no network{_hint(ran)}"
    )


def _hint(ran: RunResult) -> str:
    known = CLIENTS[ran.settings.client]
    return f"; of {ran.settings.client}: {known.notes[0]}" if ran.settings.client != GENERIC and known.notes else ""


def run_checks(ran: RunResult) -> list[RunCheck]:
    """What a report says of a run, a case each."""
    code, command = ran.code, ran.settings.command[0]
    return [
        RunCheck(
            "run.exit",
            "the program ends with exit code 0",
            ((command, f"exit code {code}" + (", ended by us" if ran.was_ended else ""), "exit code 0"),) * bool(code),
        ),
        RunCheck(
            "run.venues",
            "no real venue is dialled",
            tuple((dial.host, str(dial), "only the sandbox") for dial in dict.fromkeys(ran.dials)),
        ),
        RunCheck(
            "run.refused",
            "the exchange refuses nothing",
            tuple((_target(entry), _answer(entry), "an answer below 400") for entry in _refused(ran)[:LINES_MAX]),
        ),
        RunCheck(
            "run.requests",
            "requests arrive at the sandbox",
            ((command, nothing_arrived(ran), "at least one request"),) * (not ran.requests),
        ),
    ]


def _is_demo(ran: RunResult) -> bool:
    return ran.settings.mode == DEMO


def _operations(ran: RunResult) -> str:
    counts = Counter(entry.operation or _target(entry, NAME_CHARS_MAX) for entry in ran.requests)
    named = [f"{name} {count}" for name, count in counts.most_common(OPERATIONS_MAX)]
    more = len(counts) - OPERATIONS_MAX
    return f" ({', '.join(named)}{f' and {more} more' if more > 0 else ''})" if named else ""


def _streams(ran: RunResult) -> str:
    opened = sum(frame.kind == "open" for frame in ran.frames)
    sent = sum(frame.direction == "out" and frame.kind not in {"open", "close"} for frame in ran.frames)
    return f", {_count(opened, 'stream')}, {_count(sent, 'frame')} sent" if opened else ""


def _refused(ran: RunResult) -> list[JournalEntry]:
    return [entry for entry in ran.requests if entry.status >= 400]


def _refusals(ran: RunResult) -> list[tuple[str, str]]:
    return _counted((f"{_target(entry)}: {_answer(entry)}" for entry in _refused(ran)), "{} times ", "{}")


def _findings(ran: RunResult) -> list[tuple[str, str]]:
    return _counted((words for entry in ran.requests for words in entry.findings), "{} times ", "{}")


def _counted(texts: Iterator[str], many: str, shown: str) -> list[tuple[str, str]]:
    """Each text once, with how often there was it if that was several times."""
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
