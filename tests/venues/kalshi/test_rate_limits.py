"""Rate limits: what a sandbox answers, finds and replays, with host time as an argument."""

import json
from typing import Any

from mockexchange.replay import Replay, compare, read_journal
from mockexchange.sandbox.journal_json import entry_to_json
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.store.codec import write_log
from mockexchange.venues.kalshi.named_days import api_date
from mockexchange.venues.kalshi.rate_limits import RateLimits
from mockexchange.venues.request import RATE_LIMIT_FINDING, Answer, Request
from tests.helpers.rows import each_row
from tests.helpers.sandboxes import PREFIX, SMALL, WALL, make, send, signed

SECOND = 1_000_000
TOO_MANY = b'{"error":"too many requests"}'
ORDERS = "/portfolio/events/orders"


class Host:
    """A host clock that a test sets."""

    def __init__(self) -> None:
        self.at = WALL

    def __call__(self) -> int:
        return self.at


def limited(mode: str, date: str = "2026-06", tier: str = "basic", more: str = "") -> tuple[Sandbox, Host]:
    host = Host()
    text = SMALL.replace("alice: {", f"alice: {{tier: {tier}, ")
    return make(f"rate_limits: {mode}\n{text}{more}", date=date, host=host), host


def poll(sandbox: Sandbox, times: int, **changes: Any) -> list[Answer]:
    request = signed(sandbox, **changes)
    return [sandbox.answer(request)[0] for _ in range(times)]


def test_requests_beyond_the_bucket_are_429_without_headers() -> None:
    sandbox, host = limited("enforce")
    assert {answer.status for answer in poll(sandbox, 20)} == {200}
    [refused] = poll(sandbox, 1)
    assert (refused.status, refused.body, refused.headers) == (429, TOO_MANY, ())
    assert (refused.refusal, refused.account) == ("rate_limited", "alice")
    assert refused.diagnosis == (
        "rate limit: 10 tokens are more than the read bucket of alice has: tier basic has 200, and 200 more each second"
    )
    host.at += SECOND // 20 - 1
    assert poll(sandbox, 1)[0].status == 429, "a refused request takes nothing, and time gives the next one"
    host.at += 1
    assert [answer.status for answer in poll(sandbox, 2)] == [200, 429]


def test_compat_sends_every_shape_of_the_429() -> None:
    sandbox, _ = limited("enforce", "compat")
    body = json.loads(poll(sandbox, 41)[-1].body)
    assert body["error"]["message"] == body["message"] == "too many requests"


def test_a_report_is_a_finding_and_changes_no_answer() -> None:
    sandbox, _ = limited("report")
    answers = poll(sandbox, 22)
    assert {answer.status for answer in answers} == {200}
    assert [len(answer.findings) for answer in answers] == [0] * 20 + [1, 1]
    assert answers[-1].findings[0].startswith(RATE_LIMIT_FINDING)
    assert make().plan.settings["kalshi"].rate_limits == "report"


def test_limits_that_are_off_find_nothing() -> None:
    sandbox, _ = limited("off")
    assert not any(answer.findings for answer in poll(sandbox, 50))


def test_accounts_share_no_bucket_and_keys_of_an_account_do() -> None:
    sandbox, _ = limited("enforce")
    poll(sandbox, 20)
    assert poll(sandbox, 1, who="bob/main")[0].status == 200
    assert poll(sandbox, 1, who="alice/only_3")[0].status == 429


def test_what_is_refused_before_the_bucket_costs_nothing() -> None:
    sandbox, _ = limited("enforce")
    path = f"{PREFIX}/portfolio/balance"
    poll(sandbox, 30, who="alice/writer")
    sandbox.answer(Request("GET", path))
    assert {answer.status for answer in poll(sandbox, 20)} == {200}


def test_a_bad_parameter_is_seen_after_the_bucket() -> None:
    sandbox, _ = limited("enforce")
    target = f"{PREFIX}/portfolio/positions?limit=0"
    assert [answer.status for answer in poll(sandbox, 21, target=target)] == [400] * 20 + [429]


def take(limits: RateLimits, method: str, path: str, date: str, body: bytes = b"", query: str = "") -> str | None:
    account = make().exchange.state.accounts["alice"]
    return limits.take(account, method, path, Request(method, path, query, (), body), api_date(date), 0)


def items(count: int, name: str = "orders") -> bytes:
    return json.dumps({name: [{"count": "1.00"}] * count}).encode()


def test_a_batch_fits_whole_or_not_at_all() -> None:
    limits = RateLimits()
    why = take(limits, "POST", f"{ORDERS}/batched", "2026-06", items(11))
    assert why is not None
    assert "110 tokens (11 items of 10)" in why
    assert take(limits, "POST", f"{ORDERS}/batched", "2026-06", items(10)) is None
    assert take(limits, "DELETE", f"{ORDERS}/{{order_id}}", "2026-06")


def test_fifty_cancels_fit_into_the_smallest_bucket() -> None:
    assert take(RateLimits(), "DELETE", f"{ORDERS}/batched", "2026-06", items(50)) is None
    assert take(RateLimits(), "DELETE", f"{ORDERS}/batched", "2026-06", items(51))
    assert take(RateLimits(), "DELETE", "/portfolio/orders/batched", "2025-11", items(50, "ids")) is None


@each_row("body", [b"", b"{", b'{"orders": 3}', b"[]", b"\xff"])
def test_a_body_that_cannot_be_read_costs_one_item(body: bytes) -> None:
    limits = RateLimits()
    assert [take(limits, "POST", f"{ORDERS}/batched", "2026-06", body) for _ in range(10)] == [None] * 10
    assert take(limits, "POST", f"{ORDERS}/batched", "2026-06", body)


@each_row(
    ("path", "date", "fit"),
    [
        ("/portfolio/orders", "2025-11", 10),
        ("/portfolio/order_groups/create", "2026-04-21", 20),  # it counted as a read before tokens
        ("/portfolio/order_groups/create", "2026-04-22", 10),
        ("/portfolio/orders", "2026-06", 5),
        ("/account/api_usage_level/upgrade", "2026-06-11", 3),
    ],
)
def test_writes_by_date(path: str, date: str, fit: int) -> None:
    limits = RateLimits()
    assert [take(limits, "POST", path, date) for _ in range(fit)] == [None] * fit
    assert take(limits, "POST", path, date)


def test_shards_have_buckets_of_their_own_since_august_2026() -> None:
    for date, is_common in (("2026-08-18", True), ("2026-08-19", False)):
        limits = RateLimits()
        for _ in range(10):
            assert take(limits, "POST", ORDERS, date, b'{"exchange_index": -1}') is None
        for asked in ({"body": b'{"exchange_index": 1}'}, {"query": "exchange_index=2"}):
            assert bool(take(limits, "POST", ORDERS, date, **asked)) is is_common
        assert take(limits, "POST", f"{ORDERS}/batched", date, b'{"exchange_index": 1}')


FAULTY = """
faults:
  - {match: {path: /trade-api/v2/portfolio/balance}, then: {status: 503}}
  - {match: {path: /trade-api/v2/portfolio/fills}, then: {stale: 10s}}
  - {match: {path: /trade-api/v2/portfolio/orders}, then: {truncate_json: true}}
"""


def test_a_write_with_a_stale_fault_is_charged_once() -> None:
    sandbox, _ = limited("enforce", more="faults:\n  - {then: {stale: 10s}}\n")
    sent = [send(sandbox, "POST", "/portfolio/order_groups/create", {"contracts_limit": 1}).status for _ in range(11)]
    assert sent == [201] * 10 + [429]


def test_a_replay_answers_the_same_429() -> None:
    sandbox, host = limited("enforce", more=FAULTY)
    for path in ("balance", "positions", "fills", "orders"):
        poll(sandbox, 6, target=f"{PREFIX}/portfolio/{path}")
        host.at += SECOND // 40
    statuses = [entry.status for entry in sandbox.journal]
    assert statuses == [503] * 6 + [200] * 6 + [200] * 6 + [200] * 6
    host.at += SECOND // 100
    poll(sandbox, 8)
    assert [entry.status for entry in sandbox.journal][-8:] == [200] * 3 + [429] * 5, "37 tokens are left"
    replay = Replay(list(write_log(sandbox.log)))
    text = json.dumps([entry_to_json(entry) for entry in sandbox.journal])
    verdicts = list(compare(replay, read_journal(text)))
    assert len(verdicts) == 32
    assert all(verdict.deviation is None for verdict in verdicts)
