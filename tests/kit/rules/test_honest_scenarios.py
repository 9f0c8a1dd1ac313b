"""The built-in scenarios have no findings: fractions, fees truncated to cents, two accounts of one trade."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from anyio.from_thread import start_blocking_portal

from contracts.suites.world import IN_PROCESS_HOST, front_of
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome, Verdict
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.signing import load_signer
from mockexchange.kit.local_exchange import AppTransport
from mockexchange.kit.streaming.connections import connect_app
from mockexchange.kit.streaming.target import StreamTarget
from mockexchange.kit.target import MEMBER, OTHER, Target
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_builtin
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.rows import each_row

MINUTE_US = 60_000_000
ORIGIN = f"http://{IN_PROCESS_HOST}"


@contextmanager
def streams_of(scenario: str, alias: str, *accounts: str) -> Iterator[StreamTarget]:
    """Yield the target of a scenario after a minute, with the keys of one account or of two."""
    with start_blocking_portal() as portal:
        options = SandboxOptions(api_date=api_date(alias), clock="paused")
        sandbox = portal.call(open_sandbox, load_builtin(scenario), options)
        portal.call(sandbox.advance, MINUTE_US)
        made = {one.account: load_signer(one.key_id, one.private_pem or "") for one in sandbox.credentials()}
        keys = dict(zip((MEMBER, OTHER), (made[account] for account in accounts), strict=False))
        with front_of(sandbox) as front, httpx.Client(transport=AppTransport(front, portal)) as http:
            rest = Target(
                venue=KALSHI,
                api_date=alias,
                base_url=ORIGIN + KALSHI.prefix,
                ws_url=ORIGIN.replace("http", "ws") + KALSHI.stream_path,
                http=http,
                keys=keys,
            )
            with StreamTarget(rest=rest, connect=connect_app(front, portal), listen_s=0.1) as target:
                yield target


def judged(target: StreamTarget, rule: str) -> list[Verdict]:
    rest = run_checks([check for check in KALSHI.checks if check.rule == rule], target.rest)
    return [*rest, *run_checks([check for check in KALSHI.stream_checks if check.rule == rule], target)]


@each_row(
    ("rule", "scenario", "alias", "accounts"),
    [
        ("stream.book-equals-rest", "golden", "2026-02", ["fractional"]),
        ("kalshi.positions_of_fills", "lively", "2026-02", ["alice"]),
        ("keys.others_rows", "demo", "2026-10", ["alice", "bob"]),
        ("keys.others_rows", "demo", "compat", ["alice", "bob"]),
    ],
)
def test_what_is_honest_is_kept(rule: str, scenario: str, alias: str, accounts: list[str]) -> None:
    with streams_of(scenario, alias, *accounts) as target:
        verdicts = judged(target, rule)
    assert [str(finding) for one in verdicts for finding in one.findings] == []
    assert Outcome.KEPT in {one.outcome for one in verdicts}
