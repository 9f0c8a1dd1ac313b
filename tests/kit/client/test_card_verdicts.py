"""Verdicts of cards: every key under `see`, kept and broken."""

import time

from mockexchange.kit.client.adapter import AdapterReply, Fractional
from mockexchange.kit.client.card_verdicts import CardRun, judge
from mockexchange.kit.client.cards import Card, card_of
from mockexchange.kit.client.processes import CommandResult
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.findings import Finding, Outcome, Verdict
from mockexchange.scenario.located_text import read_yaml
from tests.helpers.rows import each_row
from tests.kit.client.wiring import call, contract, handshake, traffic

HEAD = "{card: X01, title: A card, says: So., needs: {operation: GetPositions}, task: {name: positions}"
FAULTS = "faults: [{match: {operation: GetPositions}, then: {status: 503}}]"
ROW: dict[str, object] = {"ticker": "A", "position": "1"}
QUIET = traffic([call()])


def card(see: str, more: str = "") -> Card:
    return card_of(read_yaml(f"{HEAD}{', ' + more if more else ''}, see: {{{see}}}}}", "x"))


def verdict(see: str, trial: CardRun, more: str = "") -> Verdict:
    return judge(card(see, more), trial, contract(), "run it again", time.perf_counter())


def seen(see: str, trial: CardRun) -> list[tuple[str, str, str]]:
    return [(one.rule, one.seen, one.expected) for one in verdict(see, trial).findings]


def reply_with(*rows: dict[str, object]) -> CardRun:
    return CardRun(QUIET, AdapterReply(list(rows)))


def failed(status: int | None = 429) -> CardRun:
    return CardRun(QUIET, AdapterReply(error="Refused: no", status=status))


def test_a_finding_has_all_parts() -> None:
    (finding,) = verdict("answer: rows", failed()).findings
    assert finding == Finding(
        "X01 answer",
        "task positions",
        "an error: Refused: no (status 429)",
        "rows",
        "x:1",
        "run it again",
    )


@each_row(
    ("see", "trial", "words"),
    [
        ("answer: rows", failed(None), ("X01 answer", "an error: Refused: no", "rows")),
        ("answer: error", reply_with(ROW), ("X01 answer", "1 row: ticker=A position=1", "an error")),
        ("answer: error", reply_with(), ("X01 answer", "0 rows: none", "an error")),
        (
            "rows: [{ticker: B}]",
            reply_with(ROW),
            ("X01 rows", "rows that there are not: ticker=A position=1", "ticker: B"),
        ),
        ("holds: [{ticker: B}]", reply_with(ROW), ("X01 rows", "no row with ticker B among 1", "ticker=B")),
        ("last: {ticker: B}", reply_with({"ticker": "B"}, ROW), ("X01 rows", "B: ticker is 'A'", "'B'")),
        ("last: {ticker: B}", reply_with(), ("X01 last", "no row was reported", "ticker=B")),
        ("once: ticker", reply_with(ROW, ROW), ("X01 once", "A is reported more than once", "one row for each ticker")),
        ("requests: {max: 0}", reply_with(), ("X01 requests", "1 request", "exactly 0")),
        ("requests: {min: 2, max: 3}", reply_with(), ("X01 requests", "1 request", "2 to 3")),
        ("streams: {min: 1, max: 1}", reply_with(), ("X01 streams", "0 streams opened", "exactly 1")),
        (
            "streams: {max: 0}",
            CardRun(traffic([handshake(0.0)]), AdapterReply([])),
            ("X01 streams", "1 stream opened", "exactly 0"),
        ),
    ],
)
def test_what_must_be_seen_and_is_not_is_found(see: str, trial: CardRun, words: tuple[str, str, str]) -> None:
    assert words in seen(see, trial)


@each_row(
    ("see", "trial"),
    [
        ("answer: rows", reply_with()),
        ("answer: error", failed()),
        ("answer: either, rows: [{ticker: B}], last: {ticker: B}, once: ticker, exact: true", failed()),
        ("rows: [{ticker: A}], holds: [{position: 1}], last: {ticker: A}, once: ticker, exact: true", reply_with(ROW)),
        ("requests: {min: 1, max: 1}", reply_with()),
        ("streams: {min: 1}", CardRun(traffic([handshake(0.0)]), AdapterReply([]))),
        ("pause: 1s", reply_with()),
        ("pause: 1s", CardRun(traffic([call(), call(at=1.0)]), AdapterReply([]))),
    ],
)
def test_what_must_be_seen_and_is_keeps_the_card(see: str, trial: CardRun) -> None:
    assert verdict(see, trial).outcome is Outcome.KEPT


def test_money_that_was_a_float_is_found() -> None:
    ((rule, words, _),) = seen("exact: true", reply_with({"cost": Fractional("0.1"), "fees": Fractional("0.2")}))
    assert (rule, words) == ("X01 exact", "cost is reported as the number 0.1 (2 such amounts)")


def test_a_pause_that_is_too_short_is_found() -> None:
    hasty = CardRun(traffic([call(), call(at=0.5)]), AdapterReply([]))
    assert seen("pause: 1s", hasty) == [("X01 pause", "the next request 0.50 s later", "none for 1 s")]
    others = CardRun(traffic([call(), call("/portfolio/fills", at=0.5, operation="GetFills")]), AdapterReply([]))
    assert not seen("pause: 1s", others)


def test_silence_is_found() -> None:
    trial = CardRun(QUIET, no_reply="it gave no answer within 3 s")
    assert seen("rules: [retries.final], answer: rows", trial) == [
        ("X01 ends", "it gave no answer within 3 s", "rows, or an error")
    ]


def ran(exit_code: int | None, why: str = "") -> CommandResult:
    return CommandResult(exit_code, why, "one\ntwo\n", 1.0)


@each_row(
    ("see", "now", "usual", "words"),
    [
        ("answer: rows", ran(1), ran(0), "exit code 1; its last output: two"),
        ("answer: rows", ran(1), ran(1), ""),
        ("answer: rows", ran(0), ran(0), ""),
        ("answer: error", ran(1), ran(0), ""),
        ("answer: either, requests: {}", ran(None, "its time was over"), ran(0), "it did not end: its time was over"),
        ("answer: either, requests: {}", ran(None, "its time was over"), ran(None), ""),
    ],
)
def test_a_command_is_compared_with_itself(see: str, now: CommandResult, usual: CommandResult, words: str) -> None:
    trial = CardRun(QUIET, ran=now, undisturbed=usual)
    assert [found[1] for found in seen(see, trial)] == ([words] if words else [])


def test_rules_are_judged_unless_the_reply_is_an_error() -> None:
    twice = traffic([call(status=404), call(status=404, at=1.0)])
    see = "rules: [retries.final], unless_told: [retries.final]"
    assert [one[0] for one in seen(see, CardRun(twice, AdapterReply([])))] == ["X01 retries.final"]
    assert not seen(see, CardRun(twice, AdapterReply(error="no")))


def test_advice_is_noted_and_breaks_nothing() -> None:
    advised = verdict("once: ticker", reply_with(ROW, ROW), "advice: true")
    assert (advised.outcome, [note.rule for note in advised.notes]) == (Outcome.KEPT, ["X01 once"])
    twice = traffic([call(status=503), call(status=503, at=1.0)])
    noted = verdict("rules: [retries.anew]", CardRun(twice, AdapterReply([])))
    assert (noted.outcome, [note.rule for note in noted.notes]) == (Outcome.KEPT, ["X01 retries.anew"])
    assert noted.notes[0].reproduction == "run it again"


def test_an_error_may_be_advice_where_wrong_rows_are_not() -> None:
    told = verdict("answer: rows, once: ticker", CardRun(QUIET, AdapterReply(error="no")), "advice: error")
    assert (told.outcome, [note.rule for note in told.notes]) == (Outcome.KEPT, ["X01 answer"])
    wrong = verdict("answer: rows, once: ticker", reply_with(ROW, ROW), "advice: error")
    assert (wrong.outcome, [one.rule for one in wrong.findings]) == (Outcome.BROKEN, ["X01 once"])


def test_what_was_never_disturbed_is_not_judged() -> None:
    assert verdict("answer: error", failed(), FAULTS).why == "no message came that could be disturbed"
    disturbed = Traffic((call(),), (), fault_count=1)
    assert verdict("answer: error", CardRun(disturbed, AdapterReply(error="no")), FAULTS).outcome is Outcome.KEPT


def test_rules_without_anything_to_see_are_not_judged() -> None:
    alone = CardRun(QUIET, ran=ran(0), undisturbed=ran(0))
    assert verdict("rules: [retries.final]", alone).why == "no request failed"
    assert verdict("rules: [retries.final, signing.present]", alone).why == "no request failed"
    assert not verdict("rules: [signing.present, retries.final]", alone).why
    assert not verdict("rules: [retries.final], requests: {max: 9}", alone).why
    assert not verdict("rules: [retries.final]", reply_with()).why
