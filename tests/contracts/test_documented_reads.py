"""Every read that the venue's pages of a day have is answered on that day, with the keys that the pages list."""

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources import OPERATIONS
from mockexchange.venues.kalshi.resources.call import PublicOperation
from tests.contracts.documents import ROOT
from tests.contracts.reads import ask, differences
from tests.helpers.rows import each_row

FIXTURES = ROOT / "fixtures" / "wire" / "kalshi"
DAYS = ("2026-02-20", "2026-04-21", "2026-06-11", "2026-08-22")
DOCUMENTS: dict[str, dict[str, Any]] = {
    day: json.loads((FIXTURES / f"documented_reads.{day}.json").read_bytes()) for day in DAYS
}
OF_SPORTS = "/search/filters_by_sport"
"""Its objects are below the names of sports."""
# day, read and difference, in which * stands for anything | why
DELIBERATE: dict[str, str] = {
    "2026-02-20 /historical/*: missing": "announced on 2026-02-19; here from 2026-04-01 on, with the cutoff: a choice",
    "2026-02-20 /portfolio/subaccounts/netting: undocumented": "as old as subaccounts here: a choice",
    "* /markets/{ticker}/orderbook: a key is *": "recorded without a key on 2026-01-12",
    "* *.product_metadata: missing": "left out of every recorded event",
    "* /cfbenchmarks/{endpoint}: undocumented": "a page describes it, no document",
    "* /account/limits/perps: missing": "margin is not emulated",
    "2026-08-22 /exchange/announcements: missing": "gone on 2026-07-04 by the changelog; the mirror keeps old pages",
    "2026-08-22 /multivariate_event_collections/*/lookup: missing": "the mirror keeps a page that nobody changed since",
    "2026-08-22 * resting_margin_reservation: undocumented": "required by the official client of October 2026",
}


def reason_for(difference: str) -> str | None:
    return next((why for pattern, why in DELIBERATE.items() if fnmatchcase(difference, pattern)), None)


def ours_on(day: str) -> dict[str, bool]:
    """Return the paths of the server's reads, and whether they need a key."""
    date = api_date(day)
    reads = [one for one in OPERATIONS if one.method == "GET" and date.holds(*one.life)]
    return {one.path: not isinstance(one, PublicOperation) or one.needs_key(date) for one in reads}


def differences_of_paths(day: str) -> Iterator[str]:
    ours, theirs = ours_on(day), DOCUMENTS[day]["reads"]
    yield from (f"{day} {path}: missing" for path in sorted(set(theirs) - set(ours)))
    yield from (f"{day} {path}: undocumented" for path in sorted(set(ours) - set(theirs)))
    for path in sorted(set(ours) & set(theirs)):
        if ours[path] != theirs[path]["signed"]:
            yield f"{day} {path}: a key is {'' if ours[path] else 'not '}needed"


def differences_of_answers(day: str) -> Iterator[str]:
    document = DOCUMENTS[day]
    for path in sorted((set(ours_on(day)) & set(document["reads"])) - {OF_SPORTS}):
        answer = ask(path, day)
        assert answer.status == 200, (path, answer.body)
        rows = differences(document["objects"], document["reads"][path]["answer"], json.loads(answer.body))
        yield from sorted({f"{day} {path} {one}" for one in rows})


@each_row("day", DAYS)
def test_the_server_has_every_read_of_the_pages_and_no_other(day: str) -> None:
    assert [one for one in differences_of_paths(day) if reason_for(one) is None] == []


@each_row("day", DAYS)
def test_answers_have_the_keys_of_the_pages(day: str) -> None:
    assert [one for one in differences_of_answers(day) if reason_for(one) is None] == []


def test_every_deliberate_difference_is_one() -> None:
    found = [one for day in DAYS for one in (*differences_of_paths(day), *differences_of_answers(day))]
    assert [pattern for pattern in DELIBERATE if not any(fnmatchcase(one, pattern) for one in found)] == []
