"""Compares an account's frames with REST: positions of subaccounts, positions after fills, and fresh reads."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from mockexchange.kit.checks import Check
from mockexchange.kit.findings import Finding
from mockexchange.kit.kalshi.stream.api_document import FindingWriter, channels, message_keys
from mockexchange.kit.kalshi.stream.commands import stream_check
from mockexchange.kit.kalshi.stream.recording import FRESH, UNKNOWN, Recording, asked_again, positions_of, recording_of
from mockexchange.kit.kalshi.stream.rows import Row, count
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import NotJudged

POSITIONS, POSITION, FILL = "market_positions", "market_position", "fill"
"""A channel, its message, and a channel whose message has the channel's name."""


def judge_subaccounts(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that each change of a position, in any subaccount, caused a frame for its market and subaccount."""
    recording, writer = recording_of(target), FindingWriter("stream.subaccount-positions", target)
    found = recording.settled_differences(POSITIONS, lambda: _without_frame(recording))
    for number, ticker in found:
        yield writer.finding(f"{ticker}, subaccount {number}", "no frame", "a frame, as the row changed", POSITION)


def _without_frame(recording: Recording) -> Iterator[tuple[str, str]]:
    frames = recording.unfiltered.data(POSITIONS)
    reported = {(str(one.body.get("subaccount", 0)), one.body.get("market_ticker")) for one in frames}
    judged = False
    for number, before in recording.positions.items():
        for ticker, row in positions_of(recording.target, number).items():
            if count(row, "position") != count(before.get(ticker, {"position": 0}), "position"):
                judged = True
                if (number, ticker) not in reported:
                    yield number, ticker
    if not judged:
        raise NotJudged("no position changed")


def judge_post_positions(target: StreamTarget, subject: str) -> Iterator[Finding]:
    """Check that the `post_position` of each fill is that of the previous fill, plus or less the fill's count."""
    writer, judged = FindingWriter("stream.post-position", target), False
    last: dict[tuple[object, object], Decimal] = {}
    for message in recording_of(target).messages(FILL):
        body = message.body
        key, after, size = (
            (body.get("market_ticker"), body.get("subaccount")),
            count(body, "post_position"),
            _size(body),
        )
        if after is None or size is None:
            continue
        if key in last:
            judged, expected = True, last[key] + size
            if abs(after - expected) > _cut_off(body):
                where = f"fill {body.get('trade_id')} of {key[0]}"
                yield writer.finding(where, f"post_position {after}", f"post_position {expected}", FILL)
        last[key] = after
    if not judged:
        raise NotJudged("no market had two fills")
    recording = recording_of(target)
    for where, shown, row in recording.settled_differences(FILL, lambda: _other_than_rest(target, last)):
        yield writer.finding(where, f"post_position {shown} of its last fill", f"REST shows {row}", FILL)


def _other_than_rest(
    target: StreamTarget, last: Mapping[tuple[object, object], Decimal]
) -> Iterator[tuple[str, Decimal, Decimal | None]]:
    """Yield the markets whose last fill shows another position than REST; settled positions have no row."""
    for (ticker, number), shown in last.items():
        row = positions_of(target, str(number or 0)).get(str(ticker)) if _shows_subaccounts(target) else None
        if row is not None and count(row, "position") != shown:
            yield f"{ticker}, subaccount {number or 0}", shown, count(row, "position")


def _size(body: Row) -> Decimal | None:
    """Return the contracts of a fill; negative if it sells YES or buys NO."""
    size = count(body, "count")
    return None if size is None else size if (body["side"] == "yes") == (body["action"] == "buy") else -size


def _cut_off(body: Row) -> int:
    """Return by how much whole counts may miss their sum: of parts of contracts the first dates show nothing."""
    return 0 if "post_position_fp" in body else 1


def judge_fresh(target: StreamTarget, path: str) -> Iterator[Finding]:
    """Check that a read shows events that came after its last answer, as a read with a new query does.

    Both are sent twice in turn, so that a change between them is not taken for an old answer.
    """
    recording, writer = recording_of(target), FindingWriter("stream.fresh", target)
    known, new = recording.asked[path], {UNKNOWN: "1"}
    first, other, again, last = (asked_again(recording, path, further) for further in ({}, new, {}, new))
    if first == again and other == last and first != other:
        yield writer.finding(f"GET {path}", "the answer from before the events", "what another query shows")
    if other == known:
        raise NotJudged("nothing that it shows has changed")


def _shows_subaccounts(target: StreamTarget) -> bool:
    return "subaccount" in message_keys(target, POSITION) and "GetSubaccountBalances" in target.rest.operations


def _shows_positions(target: StreamTarget) -> bool:
    return bool({"post_position", "post_position_fp"} & message_keys(target, FILL)) and FILL in channels(target)


def _asked(target: StreamTarget) -> Iterable[str]:
    return [operation.path for operation in target.rest.operations.values() if operation.path in FRESH]


CHECKS: tuple[Check[StreamTarget], ...] = (
    stream_check(
        "stream.subaccount-positions",
        "Positions of every subaccount have frames.",
        judge_subaccounts,
        _shows_subaccounts,
    ),
    stream_check(
        "stream.post-position", "Fills add up to the positions they show.", judge_post_positions, _shows_positions
    ),
    Check("stream.fresh", "A query that is sent again shows what has happened.", "asyncapi.yaml", _asked, judge_fresh),
)
