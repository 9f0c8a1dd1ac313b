"""Every card with every published client that has an adapter; the results are in docs/clients.md."""

from pathlib import Path

import pytest

from tests.clients.cards import VERIFIED, Client, outcomes_of, verify
from tests.clients.page import cards_of, read_page
from tests.house.checkout import ROOT

pytestmark = pytest.mark.clients


@pytest.mark.parametrize("client", VERIFIED, ids=lambda client: client.title)
def test_the_page_says_what_came_of_the_cards(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    verdicts = verify(client, tmp_path)
    words = [f"{verdict.rule}: {one.seen}" for verdict in verdicts for one in verdict.findings]
    assert cards_of(read_page())[client.title] == outcomes_of(verdicts), "\n".join(["run `make clients`", *words])
