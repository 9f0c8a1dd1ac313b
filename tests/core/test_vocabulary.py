"""The names of purses."""

import pytest

from mockexchange.core.vocabulary import SubaccountRef
from tests.core.tables import lines
from tests.helpers.rows import each_row

SUBACCOUNT_REFS = lines("""
    text     | account | book | written
    alice    | alice   | 0    | alice
    alice/0  | alice   | 0    | alice
    alice/3  | alice   | 3    | alice/3
    desk/st1 | desk    | st1  | desk/st1
""")


@each_row("line", SUBACCOUNT_REFS, ids=lambda line: line["text"])
def test_a_purse_is_read_and_written(line: dict[str, str]) -> None:
    subaccount_ref = SubaccountRef.parse(line["text"])
    assert subaccount_ref == (line["account"], line["book"])
    assert str(subaccount_ref) == line["written"]


@each_row("text", ["", "/", "/3", "alice/"])
def test_half_a_purse_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"expected ACCOUNT or ACCOUNT/BOOK, got '{text}'"):
        SubaccountRef.parse(text)
