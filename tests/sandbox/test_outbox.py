"""The outbox: in order, bounded, and always open to answers."""

from hypothesis import given
from hypothesis import strategies as st

from mockexchange.sandbox.streams import Outbox


def test_it_is_full_at_its_bound_and_refuses_what_does_not_fit() -> None:
    outbox = Outbox(10)
    assert (len(outbox), outbox.is_full, outbox.has_room) == (0, False, True)
    assert outbox.put(b"12345")
    assert outbox.has_room
    assert outbox.put(b"67")
    assert (outbox.is_full, outbox.has_room) == (False, False)
    assert not outbox.put(b"8901")
    assert outbox.put(b"890")
    assert (len(outbox), outbox.size_bytes, outbox.is_full) == (3, 10, True)
    assert not outbox.put(b"1")


def test_a_forced_frame_is_accepted_at_any_size() -> None:
    outbox = Outbox(4)
    assert outbox.put(b"1234")
    outbox.force(b"the end")
    assert outbox.is_full
    assert outbox.pop_frames(100) == [b"1234", b"the end"]
    assert (len(outbox), outbox.size_bytes, outbox.is_full) == (0, 0, False)


def test_frames_are_taken_whole_until_enough_are() -> None:
    outbox = Outbox()
    for raw in (b"aaa", b"bbb", b"ccc"):
        outbox.put(raw)
    assert outbox.pop_frames(4) == [b"aaa", b"bbb"]
    assert outbox.pop_frames(1) == [b"ccc"]
    assert outbox.pop_frames(1) == []


def test_it_can_be_emptied() -> None:
    outbox = Outbox(3)
    outbox.force(b"12345")
    outbox.clear()
    assert (len(outbox), outbox.size_bytes) == (0, 0)
    assert outbox.put(b"123")


@given(st.lists(st.tuples(st.binary(max_size=20), st.integers(0, 40)), max_size=50), st.integers(1, 100))
def test_nothing_is_lost_and_the_size_is_that_of_what_waits(moves: list[tuple[bytes, int]], bytes_max: int) -> None:
    outbox, taken_in, taken_out = Outbox(bytes_max), b"", b""
    for raw, wanted in moves:
        if outbox.put(raw):
            taken_in += raw
        assert outbox.size_bytes <= bytes_max
        taken_out += b"".join(outbox.pop_frames(wanted))
        assert outbox.size_bytes == len(taken_in) - len(taken_out)
    assert taken_out + b"".join(outbox.pop_frames(10_000)) == taken_in
