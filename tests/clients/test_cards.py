"""Every card with every published client that has an adapter; the results are in docs/clients.md."""

from pathlib import Path

import pytest

from tests.clients.cards import VERIFIED, Client, outcomes_of, verify
from tests.clients.page import cards_of, read_page
from tests.house.checkout import ROOT

pytestmark = pytest.mark.clients


OF_GATE = "kalshi-python-sync"
"""The venue's own client; `make test-all` plays the cards of the others as well."""


@pytest.mark.parametrize(
    "client",
    [pytest.param(one, id=one.title, marks=() if one.name == OF_GATE else pytest.mark.thorough) for one in VERIFIED],
)
def test_the_page_says_what_came_of_the_cards(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    verdicts = verify(client, tmp_path)
    words = [f"{verdict.rule}: {one.seen}" for verdict in verdicts for one in verdict.findings]
    assert cards_of(read_page())[client.title] == outcomes_of(verdicts), "\n".join(["run `make clients`", *words])
