"""Every GET operation of the newest known document is answered, with the keys that the document lists."""

import json
from typing import Any

from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.resources import OPERATIONS
from mockexchange.venues.kalshi.resources.call import PublicOperation
from tests.contracts.documents import ROOT
from tests.contracts.reads import ask, differences
from tests.helpers.rows import each_row

NEWEST = json.loads((ROOT / "fixtures" / "wire" / "kalshi" / "newest_reads.json").read_bytes())
READS: dict[str, dict[str, Any]] = NEWEST["reads"]
OBJECTS: dict[str, dict[str, Any]] = NEWEST["objects"]


def test_the_server_has_every_read_of_the_newest_document_and_no_other() -> None:
    newest = api_date("latest")
    ours = {one.path for one in OPERATIONS if one.method == "GET" and newest.holds(*one.life)}
    assert ours - set(READS) == {"/cfbenchmarks/{endpoint}"}  # a page describes it, no document
    assert set(READS) <= ours


@each_row("path", sorted(set(READS) - {"/search/filters_by_sport"}))
def test_an_answer_has_the_keys_of_the_newest_document(path: str) -> None:
    answer = ask(path)
    assert answer.status == 200, answer.body
    assert sorted(set(differences(OBJECTS, READS[path]["answer"], json.loads(answer.body)))) == []


def test_filters_have_the_keys_of_the_newest_document_below_the_names_of_sports() -> None:
    body = json.loads(ask("/search/filters_by_sport").body)
    assert list(differences(OBJECTS, "GetFiltersBySportsResponse", {**body, "filters_by_sports": None})) == []
    for sport in body["filters_by_sports"].values():
        assert list(differences(OBJECTS, "SportFilterDetails", {**sport, "competitions": None})) == []


def test_reads_need_a_key_as_the_newest_document_says() -> None:
    newest = api_date("latest")
    signed = {
        one.path: not isinstance(one, PublicOperation) or one.needs_key(newest)
        for one in OPERATIONS
        if one.method == "GET" and one.path in READS
    }
    assert signed == {path: READS[path]["signed"] for path in signed}
