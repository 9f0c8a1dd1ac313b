"""Runs every published client at every API date and writes what they read into docs/clients.md.

Run with `make clients-page`, which makes the clients' environments first.
"""

import sys
import tempfile
from pathlib import Path

from tests.clients.exchange import Control
from tests.clients.matrix import Cell, ask
from tests.clients.page import DATES, read_page, with_matrix
from tests.clients.published import CLIENTS, Published
from tests.clients.recipes import PAGE
from tests.clients.truths import SCENARIO
from tests.house.serving import served

SERVE = (sys.executable, "-m", "mockexchange", "serve", "--scenario", "empty", "--quiet")


def main() -> None:
    with tempfile.TemporaryDirectory() as home, served(Path(home), *SERVE) as ready:
        control = Control(ready)
        found = {one.title: {date: run(control, one, date, Path(home)) for date in DATES} for one in CLIENTS}
    PAGE.write_text(with_matrix(read_page(), found), encoding="utf-8")


def run(control: Control, client: Published, api_date: str, home: Path) -> dict[str, Cell]:
    sandbox = control.open(SCENARIO.read_text(encoding="utf-8"), api_date, "paused")
    found, _ = ask(client, api_date, sandbox, home / "log.txt")
    sandbox.delete()
    print(client.title, api_date, *(line for each in found.values() for line in each.mistakes), sep="\n  ")
    return {method: each.cell for method, each in found.items()}


if __name__ == "__main__":
    main()
