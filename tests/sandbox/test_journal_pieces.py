"""Bodies that the journal keeps in pieces: a page that many answers have is kept once."""

from mockexchange.sandbox.journal import PAGES_MAX, SHARED_BYTES_MAX, SHARED_BYTES_MIN, Journal, pieces_of
from mockexchange.venues.request import Page
from tests.helpers.rows import each_row
from tests.sandbox.test_journal import entry, filled


def test_a_page_counts_once_for_the_answers_that_have_it() -> None:
    page = b"p" * SHARED_BYTES_MIN
    bodies = [b'{"id":%d,"result":%b}' % (number, page) for number in range(1, 6)]
    journal = Journal()
    for number, body in enumerate(bodies, start=1):
        journal.add(entry(number, answer_pieces=pieces_of(body, Page(body.index(page), page))))
    assert [one.answer for one in journal] == bodies
    assert journal.bodies_bytes < 2 * len(page)


@each_row(
    ("body", "page"),
    [
        (b"[%b]" % (b"p" * SHARED_BYTES_MIN), None),
        (b"[small]", Page(1, b"small")),
    ],
    ids=["no page", "small"],
)
def test_a_body_without_its_page_is_kept_whole(body: bytes, page: Page | None) -> None:
    assert pieces_of(body, page) == (body,)


def test_an_equal_page_of_another_process_counts_once() -> None:
    journal = Journal()
    for page in (b"p", b"p", b"q", b"q"):
        journal.add_closed(entry(0, answer=bytes(bytearray(page * SHARED_BYTES_MIN))))
    assert [one.number for one in journal] == [1, 2, 3, 4]
    assert journal.bodies_bytes == 2 * SHARED_BYTES_MIN
    first = bytes(bytearray(b"p" * SHARED_BYTES_MIN))
    for number in range(PAGES_MAX):  # of other accounts: too many for the first ones to be known still
        journal.add_closed(entry(0, account=f"a{number}", answer=bytes(bytearray(b"r" * SHARED_BYTES_MIN))))
    journal.add_closed(entry(0, answer=first))
    assert journal.find()[-1].answer is not None
    assert journal.bodies_bytes == (3 + PAGES_MAX) * SHARED_BYTES_MIN


def test_pages_of_one_size_are_known_by_their_beginning() -> None:
    journal = Journal()
    pages = [b'{"cursor":"%d"}' % number + b"p" * SHARED_BYTES_MIN for number in range(3)]
    for number in range(1, 10):
        journal.add(entry(number, answer=bytes(bytearray(pages[number % 3]))))
    assert journal.bodies_bytes == sum(map(len, pages))


def test_an_equal_page_that_was_made_anew_counts_once() -> None:
    journal = Journal()
    sizes = SHARED_BYTES_MIN, SHARED_BYTES_MAX, SHARED_BYTES_MAX + 1, SHARED_BYTES_MIN - 1
    for number in range(1, 9):
        journal.add(entry(number, answer=bytes(bytearray(b"p" * sizes[number % len(sizes)]))))
    assert {len(one.answer or b"") for one in journal} == set(sizes)
    assert journal.bodies_bytes == SHARED_BYTES_MIN + SHARED_BYTES_MAX + 2 * (SHARED_BYTES_MAX + SHARED_BYTES_MIN)


def test_a_shared_page_counts_once() -> None:
    page = b"p" * 1_100
    journal = filled(Journal(bodies_bytes_max=1_200), *(entry(number, answer=page) for number in range(1, 6)))
    assert [one.answer for one in journal] == [page] * 5
    filled(journal, entry(6, answer=b"q" * 200))
    assert [one.answer for one in journal] == [None] * 5 + [b"q" * 200]


def test_a_shared_short_body_counts_for_each_entry() -> None:
    body = b"p" * 60
    journal = filled(Journal(bodies_bytes_max=100), *(entry(number, body=body, answer=b"") for number in range(1, 4)))
    assert ([one.body for one in journal], journal.bodies_bytes) == ([None, None, body], 60)
