"""`mockexchange replay`: a log's events and final truth, or a journal's requests asked again."""

import json
from pathlib import Path
from typing import BinaryIO

import click

from mockexchange import truth
from mockexchange.cli.frame import Failure, option
from mockexchange.cli.terminal import printable
from mockexchange.core.invariants import violations
from mockexchange.replay import Deviation, Replay, compare, read_journal
from mockexchange.store.codec import LogError

DEVIATIONS_SHOWN_MAX = 20
CHARS_BEFORE = 60
CHARS_SHOWN_MAX = 200


@click.command()
@click.argument("log", type=click.File("rb"))
@option("--journal", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An exported journal.")
def replay(log: BinaryIO, journal: Path | None) -> None:
    """Carry a log out again and print what happened; with --journal, ask its requests again and compare bytes."""
    try:
        again = Replay(log)
        if journal is None:
            _print_events(again)
        else:
            _print_comparison(again, journal)
    except (LogError, UnicodeDecodeError, ValueError) as error:
        raise Failure(str(error)) from None


def _print_events(again: Replay) -> None:
    """A JSON line a command, then one with the final truth of every account."""
    for record, outcome in again:
        click.echo(json.dumps(truth.outcome_of(record.sequence, record.at, outcome)))
    state = again.exchange.state
    final = {name: truth.positions_of(state, name) for name in state.accounts}
    click.echo(json.dumps({"truth": final}))
    broken = violations(state)
    if broken:
        raise Failure("\n".join(["the log breaks invariants:", *broken]))


def _print_comparison(again: Replay, journal: Path) -> None:
    results = list(compare(again, read_journal(journal.read_text())))
    deviations = [result for result in results if result is not None]
    for deviation in deviations[:DEVIATIONS_SHOWN_MAX]:
        click.echo(_describe(deviation))
    if deviations:
        raise Failure(f"{len(deviations)} of {len(results)} answers differ from the journal")
    click.echo(f"{len(results)} answers, every byte the same")


def _describe(deviation: Deviation) -> str:
    """Both answers from a little before the first character in which they differ."""
    pairs = zip(deviation.got, deviation.wanted, strict=False)
    same = next((place for place, (got, wanted) in enumerate(pairs) if got != wanted), 0)
    start = max(0, same - CHARS_BEFORE)
    lines = (
        f"request {deviation.number} {deviation.target[:CHARS_SHOWN_MAX]}",
        f"  got    {printable(deviation.got[start : start + CHARS_SHOWN_MAX])}",
        f"  wanted {printable(deviation.wanted[start : start + CHARS_SHOWN_MAX])}",
    )
    return "\n".join(lines)
