"""The numbers by which workers share connections evenly, also while some are on their way and after a restart."""

from mockexchange.server.workers.accepting import ConnectionShares


def test_a_connection_on_its_way_counts_for_its_taker() -> None:
    shares = ConnectionShares(3)
    shares.set_open(1, 4)
    shares.note_given(0, 1)
    shares.note_given(2, 1)
    assert [shares.expected(worker) for worker in range(3)] == [0, 6, 0]
    shares.note_taken(1, 0)
    shares.set_open(1, 5)
    assert shares.expected(1) == 6
    shares.begin(2)  # what it had sent may be lost
    shares.begin(1)
    assert shares.expected(1) == 0
    shares.note_taken(1, 2)  # it was not lost
    assert shares.expected(1) == 0
