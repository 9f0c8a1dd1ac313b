"""Which rules are judged."""

import re

import pytest

from mockexchange.kit.server.arguments import EVERYTHING, Selection
from mockexchange.kit.venue import read_alias
from tests.helpers.rows import each_row

RULES = ["pages.end", "pages.partition", "times.zone"]


@each_row(
    ("selection", "taken"),
    [
        (EVERYTHING, RULES),
        (Selection(only=("pages.*",)), RULES[:2]),
        (Selection(skip=("pages.end",)), RULES[1:]),
        (Selection(only=("pages.*", "times.*"), skip=("*.end",)), RULES[1:]),
    ],
)
def test_rules_are_picked_by_patterns(selection: Selection, taken: list[str]) -> None:
    selection.require_known(RULES)
    assert [rule for rule in RULES if selection.takes(rule)] == taken


@each_row(
    ("selection", "says"),
    [
        (Selection(only=("page",)), "--only page: no such rule: did you mean 'pages.*'?"),
        (Selection(only=("pages",)), "--only pages: no such rule: did you mean 'pages.*'?"),
        (Selection(skip=("pages.and",)), "--skip pages.and: no such rule: did you mean pages.end?"),
        (Selection(skip=("x",)), "--skip x: no such rule: there are pages.*, times.*"),
        (Selection(("pages.*",), ("pages.*",)), "no rule is left to judge: --skip names every rule that --only does"),
        (Selection(skip=("*",)), "no rule is left to judge: --skip names every one"),
    ],
)
def test_a_selection_that_cannot_be_meant_is_refused(selection: Selection, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        selection.require_known(RULES)


def test_a_date_is_an_alias_the_day_of_one_or_the_latest() -> None:
    assert [read_alias(text, "kalshi") for text in ("latest", "2026-06", "2025-11-03")] == [
        "2026-10",
        "2026-06",
        "2025-11",
    ]
    with pytest.raises(ValueError, match="no contract document of 'soon': expected latest, 2025-11, "):
        read_alias("soon", "kalshi")
