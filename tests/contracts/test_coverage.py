"""The server and the document of each date have the same operations."""

from mockexchange.runtime import api_documents
from mockexchange.runtime.api_documents import Document
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources import OPERATIONS
from mockexchange.venues.registry import VENUES
from tests.contracts.documents import DOCUMENTS, document
from tests.helpers.rows import each_row

Offer = tuple[str, str, str]


def offered(alias: str) -> set[Offer]:
    """Return (name, method, path) of the server's operations at a date."""
    date = api_date(alias)
    there = [one for one in OPERATIONS if date.holds(*one.life)]
    return {(one.name, one.method, one.path) for one in there}


def documented(node: Document) -> set[Offer]:
    return {
        (operation["operationId"], method.upper(), path)
        for path, item in node["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
    }


@each_row("alias", DOCUMENTS)
def test_the_document_has_what_the_server_offers_and_nothing_else(alias: str) -> None:
    assert documented(document(alias)) == offered(alias)


def test_compat_has_every_operation_of_every_date() -> None:
    assert documented(document("compat")) == {one for alias in DOCUMENTS for one in documented(document(alias))}


@each_row("alias", ["2026-10", "compat"])
@each_row("name", ["deribit", "signalplus"])
def test_documents_of_other_venues_have_the_methods_that_they_answer(name: str, alias: str) -> None:
    venue = VENUES[name]
    paths = {path.removeprefix("/") for path in api_documents.read(f"{name}/{alias}")["paths"]}
    assert paths == set(venue.rest.operations) - {venue.stream.open_operation}
