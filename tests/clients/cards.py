"""Runs of the cards of `verify client` with published clients, and their results on the page."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mockexchange.kit.client.cards import load_cards
from mockexchange.kit.client.run import ClientRun, ClientRunSettings
from mockexchange.kit.findings import Finding, Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from tests.clients.processes import ENVIRONMENTS, environments, find_python
from tests.house.checkout import ROOT

CELLS = {Outcome.KEPT: "yes", Outcome.BROKEN: "**no**", Outcome.NOT_JUDGED: "-"}
ROW = re.compile(r"^\| (?P<number>[RSW]\d+) [^|]*\| (?P<cells>.+) \|$")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PORT = re.compile(r"(?<=localhost:)\d+")
CHARS_SHOWN_MAX = 300
EXAMPLES = 40
"""Made-up bodies of R74 for each task."""

Outcomes = Mapping[str, str]
"""What came of each card, by its number."""


class Client(NamedTuple):
    """A published client with an adapter in contracts/clients."""

    name: str
    version: str

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def module(self) -> str:
        return f"contracts.clients.adapter_{self.name.replace('-', '_')}"

    def command(self, python: Path) -> list[str]:
        return [str(python), "-m", self.module]

    def shown_command(self) -> str:
        """The command as a reader of the page types it, at the root of a checkout."""
        return " ".join(self.command(Path(ENVIRONMENTS.name, f"{self.name}-{self.version}", "bin", "python")))


VERIFIED = (
    Client("pykalshi", "2.0.0"),
    Client("kalshi-python-sync", "3.34.0"),
    Client("kalshi-sdk", "22.4.0"),
    Client("kyro", "0.1.2"),
)


class Quiet:
    """Shows nothing of a run."""

    def stage(self, name: str, total: int | None = None) -> None: ...
    def at(self, words: str) -> None: ...
    def add_verdict(self, verdict: Verdict) -> None: ...


def verify(client: Client, fixtures: Path) -> list[Verdict]:
    """Play every card, from the root; skip the test if the client's environment is missing."""
    python = find_python(client.name, client.version)
    cards = load_cards()
    run = ClientRun(
        ClientRunSettings(
            venue=KALSHI,
            command=client.command(python),
            cards=cards,
            every=cards,
            is_adapter=True,
            fixtures=fixtures,
            examples=EXAMPLES,
        ),
        Quiet(),
    )
    run.judge()
    assert not run.report.cut_short, run.report.cut_short
    return run.report.verdicts


def outcomes_of(verdicts: Iterable[Verdict]) -> Outcomes:
    return {verdict.rule: CELLS[verdict.outcome] for verdict in verdicts}


def card_lines(found: Mapping[str, Sequence[Verdict]]) -> Iterator[str]:
    """The table of all cards, and what was seen where one is broken; by title of the client."""
    yield f"| card | {' | '.join(found)} |"
    yield f"|---|{'---|' * len(found)}"
    outcomes = {title: outcomes_of(verdicts) for title, verdicts in found.items()}
    for card in load_cards():
        yield f"| {card.number} {card.title} | {' | '.join(outcomes[title][card.number] for title in found)} |"
    for client in VERIFIED:
        yield from _broken_lines(client, found[client.title])
    yield ""


def outcomes_told(page_part: str) -> Mapping[str, Outcomes]:
    """Return the results on a page, by title of the client."""
    rows = [row for row in map(ROW.match, page_part.splitlines()) if row]
    return {
        client.title: {row["number"]: row["cells"].split(" | ")[place] for row in rows}
        for place, client in enumerate(VERIFIED)
    }


def _broken_lines(client: Client, verdicts: Sequence[Verdict]) -> Iterator[str]:
    broken = [verdict for verdict in verdicts if verdict.outcome is Outcome.BROKEN]
    if not broken:
        return
    yield f"\n### Seen of {client.title}\n"
    for verdict in broken:
        yield f"* **{verdict.rule} {verdict.subject}.** {verdict.description} {_seen(verdict.findings[0])}"
    numbers = ",".join(verdict.rule for verdict in broken)
    yield f"\n```text\nmockexchange verify client --adapter --cards {numbers} -- {client.shown_command()}\n```"


def _seen(finding: Finding) -> str:
    seen = UUID.sub("…", " ".join(finding.seen.split())).replace(f"{environments()}/", "").replace(f"{ROOT}/", "")
    seen = PORT.sub("…", seen)
    shown = seen if len(seen) <= CHARS_SHOWN_MAX else f"{seen[:CHARS_SHOWN_MAX]}…"
    where = UUID.sub("…", finding.where)
    return f"Seen ({where}): `{shown.replace('`', chr(39))}`; expected: {' '.join(finding.expected.split())}."
