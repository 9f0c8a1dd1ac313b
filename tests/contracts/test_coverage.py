"""Every operation that the server offers at a date is in the document of that date, and the other way round."""

import pytest

from mockexchange.documents import Document
from mockexchange.venues.kalshi.dates import api_date
from mockexchange.venues.kalshi.operations import OPERATIONS
from tests.contracts.documents import DOCUMENTS, document

Offer = tuple[str, str, str]
OTHER_NAMES = {"TransferFCMPositions": "CreateFCMPositionTransfer"}
"""What the server calls otherwise, where nobody can see it: writes that are always refused."""


def offered(alias: str) -> set[Offer]:
    """(name, method, path) of what the server answers at a date."""
    date = api_date(alias)
    there = [one for one in OPERATIONS if date.holds(*one.life)]
    return {(OTHER_NAMES.get(one.name, one.name), one.method, one.path) for one in there}


def documented(node: Document) -> set[Offer]:
    return {
        (operation["operationId"], method.upper(), path)
        for path, item in node["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


@pytest.mark.parametrize("alias", DOCUMENTS)
def test_the_document_has_what_the_server_offers_and_nothing_else(alias: str) -> None:
    assert documented(document(alias)) == offered(alias)


def test_compat_has_every_operation_of_every_date() -> None:
    assert documented(document("compat")) == {one for alias in DOCUMENTS for one in documented(document(alias))}
