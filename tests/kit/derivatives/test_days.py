"""The document of a day, for venues whose wire does not change daily."""

import pytest

from mockexchange.kit.self_check import SelfCheck
from mockexchange.kit.venues import KITS
from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import NoSuchDocument
from tests.helpers.rows import each_row


@each_row(
    ("venue", "day", "alias"),
    [
        ("deribit", "2025-11-03", "2026-10"),
        ("signalplus", "2026-12-31", "2026-10"),
        ("kalshi", "2026-03-09", "2026-02"),
        ("kalshi", "2026-02-20", "2026-02"),
        ("kalshi", "2020-01-01", "2025-11"),
    ],
)
def test_the_document_before_a_day(venue: str, day: str, alias: str) -> None:
    assert api_documents.alias_before(venue, day) == alias


@each_row("venue", ["kalshi", "deribit", "signalplus"])
def test_the_versions_of_documents_are_read_from_their_heads(venue: str) -> None:
    for version, alias in api_documents.versions_of(venue).items():
        assert api_documents.parse(api_documents.path_of(f"{venue}/{alias}"))["info"]["version"] == version


def test_only_venues_that_change_daily_have_to_have_the_day_itself() -> None:
    self_check = SelfCheck(KITS)
    self_check.require("deribit", "2026-03-09")
    self_check.require("signalplus", None)
    with pytest.raises(NoSuchDocument, match="no document of 2026-03-09 to check against: there are 2025-11"):
        self_check.require("kalshi", "2026-03-09")
