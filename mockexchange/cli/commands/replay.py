"""Defines `mockexchange replay`, which executes a log again and prints its events and final state.

With a journal, it sends the recorded requests and opens the recorded streams again, and compares every byte.
"""

import json
from collections import Counter
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import click

from mockexchange.cli.argument_types import FileToRead, LogToRead
from mockexchange.cli.click_base import Failure, json_option, option
from mockexchange.cli.terminal import printable, show_json_lines
from mockexchange.core.invariants import violations
from mockexchange.named_files import MIB, lines_of, read_file
from mockexchange.replay import Recording, Replay, Verdict, compare, is_recorded, read_journal
from mockexchange.sandbox.state_json.accounts import positions_of
from mockexchange.sandbox.state_json.events import outcome_of
from mockexchange.store.log import LogError

DEVIATIONS_SHOWN_MAX = 20
SUBJECTS = ("answer", "frame")
CHARS_BEFORE = 60
CHARS_SHOWN_MAX = 200
SKIPPED_TOUCHED = "{} touched by a fault or an overlay"
SKIPPED_UNKNOWN_STREAM = "{} of a stream that began before the journal of requests"
REQUESTS_MISSING = (
    "expected the journal of requests too, for streams are opened again by their handshakes: "
    "give --journal a second time, with what `mockexchange journal --json --show-secrets` writes"
)


@click.command()
@click.argument("log", type=LogToRead())
@option(
    "--journal",
    multiple=True,
    type=FileToRead(takes_pipes=True),
    help="An exported journal, of requests or of frames; may be given for each.",
)
@json_option("replay", "The comparison as JSON too, for programs.")
def replay(log: BinaryIO, journal: tuple[Path, ...], as_json: bool) -> None:
    """Carry a log out again and print what happened.

    With --journal, send the recorded requests again, open the recorded streams again, and compare every byte that the
    exchange sends.

    \b
    mockexchange log > log.jsonl
    mockexchange journal --json --show-secrets > requests.jsonl
    mockexchange journal --frames --json --show-secrets > frames.jsonl
    mockexchange replay log.jsonl --journal requests.jsonl --journal frames.jsonl
    """
    recorded = _read(journal) if journal else None
    try:
        again = _open(log)
        if recorded:
            _print_comparison(list(compare(again, recorded)), as_json)
        else:
            # Print a JSON line per command, then one with the final positions of every account.
            for record, outcome in again:
                click.echo(json.dumps(outcome_of(record.sequence, record.at, outcome)))
            state = again.exchange.state
            final = {name: positions_of(state, name) for name in state.accounts}
            click.echo(json.dumps({"truth": final}))
            broken = violations(state)
            if broken:
                raise Failure("\n".join(["the log breaks invariants:", *broken]))
    except (LogError, UnicodeDecodeError, ValueError) as error:
        raise Failure(f"{log.name}: {error}") from None


JOURNAL_BYTES_MAX = 1024 * MIB
"""The largest file of a journal in bytes; it is in memory as a whole."""


def _open(log: BinaryIO) -> Replay:
    """Open a log by its first line. Raises Failure with what the file seems to be instead."""
    lines = lines_of(log, log.name)
    first = next(lines, b"")
    try:
        return Replay(chain([first], lines) if first else ())
    except LogError as error:
        found = ": this is a journal, which is given by --journal" if _is_journal(first) else f": {error}"
        raise Failure(f"{log.name}: expected a log, as `mockexchange log` writes it{found}") from None


def _is_journal(line: bytes) -> bool:
    try:
        items = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return is_recorded(items[0] if isinstance(items, list) and items else items)


def _read(paths: tuple[Path, ...]) -> Recording:
    """Read the files of a journal. Raises Failure if they are no journal or have nothing to compare."""
    texts = []
    for path in paths:
        try:
            texts.append(read_file(path, JOURNAL_BYTES_MAX, takes_pipes=True).decode())
        except UnicodeDecodeError as error:
            raise Failure(f"{path}: not UTF-8 text at byte {error.start}") from None
    try:
        recording = read_journal(*texts, names=[str(path) for path in paths])
    except LogError as error:
        raise Failure(str(error)) from None
    if recording.frames and not recording.entries:
        raise Failure(REQUESTS_MISSING)
    return recording


def _print_comparison(verdicts: list[Verdict], as_json: bool) -> None:
    """Print the first differences and how much was compared. Raises Failure if there are any."""
    deviations = [verdict.deviation for verdict in verdicts if verdict.deviation]
    if as_json:
        # How many answers and frames were compared, differ and were skipped, for programs.
        compared = Counter(verdict.subject for verdict in verdicts if not verdict.is_skipped)
        show_json_lines(
            [
                *map(asdict, deviations[:DEVIATIONS_SHOWN_MAX]),
                {
                    "compared": {name: compared[name] for name in SUBJECTS},
                    "different": sum(verdict.deviation is not None for verdict in verdicts),
                    "skipped": sum(verdict.is_skipped for verdict in verdicts),
                },
            ]
        )
    else:
        for deviation in deviations[:DEVIATIONS_SHOWN_MAX]:
            # The replayed and the recorded text, from a little before the first difference.
            pairs = zip(deviation.got, deviation.wanted, strict=False)
            same = next((place for place, (got, wanted) in enumerate(pairs) if got != wanted), 0)
            start = max(0, same - CHARS_BEFORE)
            lines = (
                printable(deviation.title[:CHARS_SHOWN_MAX]),
                f"  got    {printable(deviation.got[start : start + CHARS_SHOWN_MAX])}",
                f"  wanted {printable(deviation.wanted[start : start + CHARS_SHOWN_MAX])}",
            )
            click.echo("\n".join(lines))
    if deviations:
        raise Failure(f"{len(deviations)} of {_counted(verdicts)} differ from the journal")
    if all(verdict.is_skipped for verdict in verdicts):
        raise Failure(f"nothing was compared{_skipped(verdicts) or ': the journal is empty'}")
    if not as_json:
        click.echo(f"{_counted(verdicts)}, every byte the same{_skipped(verdicts)}")


def _skipped(verdicts: list[Verdict]) -> str:
    """Return how many answers and frames were not compared, by reason; empty if all were."""
    before = sum(verdict.is_of_unknown_stream for verdict in verdicts)
    touched = sum(verdict.is_skipped for verdict in verdicts) - before
    left_out = [
        words.format(number)
        for number, words in ((touched, SKIPPED_TOUCHED), (before, SKIPPED_UNKNOWN_STREAM))
        if number
    ]
    return f"; not compared: {', '.join(left_out)}" if left_out else ""


def _counted(verdicts: list[Verdict]) -> str:
    """Return the number of compared items, such as "3 answers and 40 frames"."""
    counts = Counter(verdict.subject for verdict in verdicts if not verdict.is_skipped)
    words = [f"{counts[name]} {name}{'s' if counts[name] > 1 else ''}" for name in SUBJECTS if counts[name]]
    return " and ".join(words) or "nothing"
