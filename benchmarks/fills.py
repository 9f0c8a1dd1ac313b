"""Fills a second of processor time: by the exchange alone, by a script, and by the control API, single and in batches.

Run: python -m benchmarks.fills. Client and server are one process, and the client does not read the answers' JSON.
"""

import asyncio
import http.client
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from time import process_time

import mockexchange
from benchmarks.world import carry_out
from mockexchange.core import commands
from mockexchange.core.exchange import Exchange
from mockexchange.core.vocabulary import Action, Side, SubaccountRef
from mockexchange.sandbox.opening import open_sandbox
from mockexchange.sandbox.options import SandboxOptions
from mockexchange.sandbox.state_json.events import outcome_of
from mockexchange.scenario.loader import load_text
from mockexchange.server.control.answers import encode
from mockexchange.venues.kalshi.named_days import api_date

ROUNDS, FILLS, SINGLE = 5, 2_000, 400
ACCOUNT, MARKET = "trader", "KXBENCH-1"
SCENARIO = f"""
scenario: fills
start: 2026-01-01T00:00:00Z
accounts: {{{ACCOUNT}: {{cash: 100000000}}}}
markets: {{{MARKET}: {{event: KXBENCH, series: KXBENCH}}}}
"""
STEP = {"fill": {"account": ACCOUNT, "market": MARKET, "side": "yes", "action": "buy", "count": "1", "price": "0.50"}}
SCRIPT = f"script: [{{every: 1ms, times: {FILLS}, fill: {json.dumps(STEP['fill'])}}}]\n"
HOUR_US = 3_600_000_000


FILL = commands.Fill(
    subaccount_ref=SubaccountRef(ACCOUNT),
    market=MARKET,
    side=Side.YES,
    action=Action.BUY,
    count_centis=100,
    price_centicents=5_000,
)


def new_exchange() -> Exchange:
    exchange = Exchange()
    opened = (
        commands.OpenAccount(account=ACCOUNT),
        commands.ListMarket(market=MARKET, event="KXBENCH", series="KXBENCH"),
    )
    carry_out(exchange, [(1, command) for command in opened])
    return exchange


def by_exchange() -> Iterator[float]:
    """Yield fills a second of the exchange alone."""
    exchange = new_exchange()
    for _ in range(ROUNDS):
        yield per_second(FILLS, lambda: carry_out(exchange, [(exchange.last_at + 1, FILL)] * FILLS))


def written() -> Iterator[float]:
    """Yield outcomes of fills a second that are written as the control API writes them."""
    outcome = new_exchange().execute(FILL, 1)
    for _ in range(ROUNDS):
        yield per_second(FILLS, lambda: [encode(outcome_of(number, 1, outcome)) for number in range(FILLS)])


def by_script() -> Iterator[float]:
    """Yield fills a second that a script carries out."""
    plan = load_text(SCENARIO + SCRIPT)
    for _ in range(ROUNDS):
        with asyncio.Runner() as runner:
            sandbox = runner.run(open_sandbox(plan, SandboxOptions(api_date=api_date("latest"), clock="paused")))
            yield per_second(FILLS, lambda: runner.run(sandbox.advance(HOUR_US)))  # noqa: B023  # called at once


def by_control_api(batch: int, count: int, query: str = "") -> Iterator[float]:
    """Yield fills a second by the control API, so many in a request."""
    body = json.dumps([STEP] * batch)
    with mockexchange.serve(SCENARIO) as exchange:
        connection = http.client.HTTPConnection(exchange.base_url.split("/")[2])
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {exchange.token}"}

        def post() -> None:
            for _ in range(count // batch):
                connection.request("POST", f"/_mock/sandboxes/default/commands{query}", body, headers)
                answer = connection.getresponse()
                text = answer.read()
                assert answer.status == 200, text
                assert b"refusal" not in text, text

        for _ in range(ROUNDS):
            yield per_second(count, post)
        connection.close()


def per_second(count: int, job: Callable[[], object]) -> float:
    before_s = process_time()
    job()
    return count / (process_time() - before_s)


KINDS: dict[str, Callable[[], Iterator[float]]] = {
    "by the exchange alone": by_exchange,
    "outcomes as text": written,
    "by a script; goal 25,000": by_script,
    "by the control API, 1,000 in a request; goal 12,000": lambda: by_control_api(1_000, FILLS),
    "the same without events": lambda: by_control_api(1_000, FILLS, "?events=false"),
    "by the control API, one in a request; goal 3,000": lambda: by_control_api(1, SINGLE),
}


def main() -> None:
    sys.stdout.write("Fills a second of processor time, client included\n")
    for name, rates in KINDS.items():
        found = list(rates())
        sys.stdout.write(f"  {name}: {statistics.median(found):,.0f} ({min(found):,.0f} to {max(found):,.0f})\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
