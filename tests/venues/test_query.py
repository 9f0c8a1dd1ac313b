"""Query strings: the parser reads them as `urllib` does, up to a number of pairs."""

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.venues.query import PAIRS_MAX, query_pairs

QUERIES = st.text(alphabet="ab=&;%+2é", max_size=12)


@given(query=QUERIES, keeps_blanks=st.booleans(), encoding=st.sampled_from(["utf-8", "latin-1"]))
def test_queries_are_read_as_by_urllib(query: str, keeps_blanks: bool, encoding: str) -> None:
    wanted = parse_qsl(query, keep_blank_values=keeps_blanks, encoding=encoding, errors="replace")
    assert query_pairs(query, encoding=encoding, keep_blank_values=keeps_blanks) == wanted


def test_the_first_pairs_are_read() -> None:
    assert query_pairs("a=1&" * (PAIRS_MAX + 5)) == [("a", "1")] * PAIRS_MAX
