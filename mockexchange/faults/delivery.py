"""The delivery faults: an answer is sent late, slowly, in part, or not at all, as a `FaultyAnswer` tells the server."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from mockexchange.scenario import fault_effects
from mockexchange.scenario.fault_effects import Effect
from mockexchange.venues.request import Answer

NOT_ASKED = "the exchange was not asked"
"""Last words of the diagnosis of an answer that a fault made in place of the venue."""
End = Literal["", "cut", "drop", "reset"]


class FaultyAnswer(Answer):
    """An answer as faults change it: `body` is sent, `declared_bytes` is its Content-Length.

    Times are microseconds of host time. If `end` is "drop" or "reset" nothing is sent, and the status is 0.
    """

    declared_bytes: int = 0
    delay_us: int = 0
    bytes_per_second: int = 0
    end: End = ""


class FrameDelivery(NamedTuple):
    """How the answer to a call on a stream is delivered: the names of its faults, its delay, and the end of the stream.

    With an end ("drop", "reset" or "cut") the answer is not sent, and the connection ends.
    """

    fault: str = ""
    delay_us: int = 0
    end: End = ""


PLAIN = FrameDelivery()


# Effects on the delivery over HTTP


ApplyEffect = Callable[[FaultyAnswer, Any, str], None]
"""A function that applies an effect to an answer: (answer, effect, name of the fault)."""
Transport = Mapping[type, ApplyEffect]
"""The functions that apply delivery effects, by type of effect, in the order of application."""


def delay(reply: FaultyAnswer, effect: fault_effects.Delay, name: str) -> None:
    reply.delay_us = effect.delay_us


def _trickle(reply: FaultyAnswer, effect: fault_effects.Trickle, name: str) -> None:
    reply.bytes_per_second = effect.bytes_per_second


def _cut(reply: FaultyAnswer, effect: fault_effects.CutAfter, name: str) -> None:
    """Cut the body. The Content-Length header keeps the full length; the journal keeps the bytes that are sent."""
    if effect.size_bytes < len(reply.body):
        reply.body, reply.end = reply.body[: effect.size_bytes], "cut"
    else:
        reply.findings.append(f"the fault {name} found nothing to cut off this answer")


def _drop(reply: FaultyAnswer, effect: Effect, name: str) -> None:
    reply.status, reply.body, reply.end = 0, b"", "drop"
    reply.diagnosis, reply.diagnose = f"the fault {name} closed the connection: no answer", None


def _reset(reply: FaultyAnswer, effect: Effect, name: str) -> None:
    _drop(reply, effect, name)
    reply.diagnosis, reply.end = f"the fault {name} reset the connection: no answer", "reset"


def lose_answer(reply: FaultyAnswer, effect: Effect, name: str) -> None:
    _drop(reply, effect, name)
    reply.diagnosis = f"the fault {name} closed the connection: the request was carried out, its answer is lost"


def lose_request(reply: FaultyAnswer, effect: Effect, name: str) -> None:
    _drop(reply, effect, name)
    reply.diagnosis = f"the fault {name} closed the connection: {NOT_ASKED}"


OVER_HTTP: Transport = {
    fault_effects.Delay: delay,
    fault_effects.Trickle: _trickle,
    fault_effects.CutAfter: _cut,
    fault_effects.Drop: _drop,
    fault_effects.Reset: _reset,
    fault_effects.LostAnswer: lose_answer,
    fault_effects.LostRequest: lose_request,
}
