"""An empty account with a single key: no rule is broken, and each unjudged rule has a reason."""

import httpx
from anyio.from_thread import start_blocking_portal

from contracts.suites.world import IN_PROCESS_HOST, front_of
from mockexchange.kit.checks import run_checks
from mockexchange.kit.findings import Outcome
from mockexchange.kit.kalshi import KALSHI
from mockexchange.kit.kalshi.signing import load_signer
from mockexchange.kit.local_exchange import AppTransport
from mockexchange.kit.target import FCM, MEMBER, Target
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.scenario.loader import load_builtin, load_text
from mockexchange.scenario.plan import Plan
from mockexchange.venues.kalshi.named_days import api_date
from tests.helpers.effort import chosen
from tests.helpers.rows import each_row

LONE_FCM = """
scenario: lone-fcm
accounts:
  desk: {kind: fcm, account_id: fcm7, cash: 10, subtraders: {st1: {cash: 5}}}
"""


@each_row(
    ("plan", "role", "alias"),
    [
        *((load_builtin("empty"), MEMBER, alias) for alias in chosen(["2025-11", "2026-02", "2026-10"])),
        (load_text(LONE_FCM), FCM, "2026-10"),
    ],
)
def test_nothing_is_broken_where_there_is_nothing(plan: Plan, role: str, alias: str) -> None:
    with start_blocking_portal() as portal:
        sandbox = portal.call(open_sandbox, plan, SandboxOptions(api_date=api_date(alias)))
        one = next(iter(sandbox.credentials()))
        with front_of(sandbox) as front, httpx.Client(transport=AppTransport(front, portal)) as http:
            target = Target(
                venue=KALSHI,
                api_date=alias,
                base_url=f"http://{IN_PROCESS_HOST}{KALSHI.prefix}",
                http=http,
                keys={role: load_signer(one.key_id, one.private_pem or "")},
            )
            judged = list(run_checks(KALSHI.checks, target))
    assert [finding for one in judged for finding in one.findings] == []
    left = {one.why for one in judged if one.outcome is Outcome.NOT_JUDGED}
    assert "the list is empty" in left or role == FCM
    assert not [why for why in left if not why or "could not be understood" in why]
