"""The session that the venues of JSON-RPC share: answers, refusals, subscriptions and messages."""

from typing import NamedTuple

import pytest

from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated_fields import ApiDate
from mockexchange.venues.frame import CalledOperation, Frame
from mockexchange.venues.jsonrpc.envelope import Envelope, Malformed, Rejection, read_envelope
from mockexchange.venues.jsonrpc.session import JsonRpcSession, StreamRequest
from mockexchange.venues.request import Answer, Call, Request
from tests.helpers.rows import each_row

DAY = ApiDate("2026-10", "2026-10-01")
DORA, ERIC = SubaccountRef("dora"), SubaccountRef("eric")


class Message(NamedTuple):
    channel: str
    subaccount_ref: SubaccountRef

    def frame(self, api_date: ApiDate) -> bytes:
        return f"{self.channel} {api_date.name}".encode()


class Echo(JsonRpcSession[str, Rejection]):
    """Answers a method with its name and its context; refuses `no`, and does not answer `quiet`."""

    rejection_type = Rejection

    def read(self, request: Request) -> Envelope:
        try:
            return read_envelope(request.body)
        except Malformed as malformed:
            rejection = Rejection("malformed", malformed.message)
            rejection.request_id = malformed.id
            raise rejection from None

    def carry_out(self, envelope: Envelope, request: StreamRequest[str]) -> Frame | None:
        self.called = CalledOperation(envelope.method or "")
        request.findings.append("noted")
        if envelope.method == "no":
            raise Rejection("no", lambda pause: "searched")
        raw = f"{request.id} {envelope.method} {request.context} {request.at} {request.host_at}".encode()
        return None if envelope.method == "quiet" else request.frame(raw, "result", ("c",))

    def refuse(self, rejection: Rejection, request: StreamRequest[str]) -> bytes:
        return f"{request.id} refused".encode()

    def request_of(self, raw: bytes) -> Call:
        return Call("POST", "/", "", (), raw)

    def terminate(self, sid: int, code: int, at: int, why: str = "") -> Frame:
        return Frame(b"", "error", self.registry.close(sid).channel)


def session() -> Echo:
    return Echo("own", None, DAY)


def test_a_request_is_answered_with_its_findings_as_note() -> None:
    echo = session()
    assert echo.receive(b'{"id":7,"method":"m"}', 1, 2) == [
        Frame(b"7 m own 1 2", "result", note="noted", acknowledged=("c",))
    ]
    assert echo.called == CalledOperation("m")
    assert echo.receive(b'{"id":7,"method":"quiet"}', 1, 2) == []


def test_a_call_reads_from_the_context_that_it_is_given() -> None:
    echo = session()
    frame = echo.calls.answer(echo.request_of(b'{"id":1,"method":"m"}'), "other", 3, 4)
    assert frame is not None
    assert frame.raw == b"1 m other 3 4"


def test_a_refusal_has_the_diagnosis_and_the_findings() -> None:
    (frame,) = session().receive(b'{"id":"x","method":"no"}', 1, 2)
    assert (frame.raw, frame.kind, frame.note) == (b'"x" refused', "error", "searched; noted")


@each_row(("raw", "answer"), [(b"{", b"None refused"), (b'{"id":5,"method":1}', b"5 refused")])
def test_an_unreadable_request_is_refused_with_the_id_that_could_be_read(raw: bytes, answer: bytes) -> None:
    echo = session()
    (frame,) = echo.receive(raw, 1, 2)
    assert (frame.raw, frame.kind, echo.called) == (answer, "error", None)


def test_a_message_goes_to_the_subscriptions_of_its_subaccount() -> None:
    echo = session()
    echo.registry.open("c.raw", "c", DORA)
    assert echo.frame_of(Message("c.raw", DORA)) == Frame(b"c.raw 2026-10", "subscription", "c", 1)
    assert echo.frame_of(Message("c.raw", ERIC)) is None
    assert echo.frame_of(Message("d", DORA)) is None
    assert (echo.follows("c"), echo.follows("c.raw")) == (True, False)


def test_a_sid_is_kept_by_a_second_subscription_and_never_used_again() -> None:
    echo = session()
    for name in ("a", "b", "a"):
        echo.registry.open(name, "c", None)
    assert sorted(echo.subscriptions) == [1, 2]
    echo.terminate(2, 0, 0)
    echo.registry.open("b", "c", None)
    assert {name: each.sid for name, each in echo.channels.items()} == {"a": 1, "b": 3}
    with pytest.raises(KeyError):
        echo.terminate(2, 0, 0)


def test_by_default_nothing_is_due_and_other_frames_change_nothing() -> None:
    echo = session()
    echo.registry.open("a", "c", None)
    echo.apply_recorded(b"{}", "error", "c")
    assert (echo.wakes_at, echo.ending, echo.wake(1, 2), list(echo.channels)) == (None, None, [], ["a"])
    assert echo.fill_placeholders("$sid", "c") == "$sid"


def test_a_rejection_leaves_a_search_to_the_answer() -> None:
    found, searched = Answer(400, b""), Answer(400, b"")
    Rejection("a", "text").report(found)
    Rejection("b", lambda pause: "searched").report(searched)
    assert (found.diagnosis, found.diagnose) == ("text", None)
    assert searched.diagnosis is None
    assert searched.diagnose is not None
