"""A sandbox that was deleted is freed by its last user, not by the garbage collector, whose runs would slow tests."""

import gc

from mockexchange import Exchange, serve
from mockexchange.core.model.orders import FillRow
from tests.api.connections import get
from tests.helpers.rows import each_row

FEW = 20
"""Objects of threads, sockets and exceptions that the collector may find by chance; a sandbox was 150 to 1,200."""
MARKET = "KXRAINNYC-25NOV05-T1"


def use(exchange: Exchange) -> None:
    """Let a sandbox of `demo` answer, refuse, fill and match."""
    assert get(exchange, "/portfolio/positions").status == 200
    exchange.fill("alice", MARKET, "yes", "buy", 10, "0.56", against="bob")
    exchange.place("alice", MARKET, "yes", "buy", 2, "0.40", order="mine")
    exchange.place("bob", MARKET, "yes", "sell", 1, "0.40")
    exchange.fault(then={"status": 503})
    exchange.advance("1h")


@each_row("scenario", ["empty", "demo", "golden", "deribit", "signalplus"])
def test_a_deleted_sandbox_leaves_nothing_to_collect(scenario: str) -> None:
    found = kept = 0
    with serve("empty") as server:
        for _ in range(3):  # the third is a copy of the second, and what is made once in a process is made
            gc.collect()
            gc.freeze()  # so that the next collection is one of this sandbox, not of all tests before
            gc.disable()
            try:
                with server.sandbox(scenario) as exchange:
                    if scenario == "demo":
                        use(exchange)
                    del exchange
                found = gc.collect()
                kept = sum(isinstance(one, FillRow) for one in gc.get_objects())
            finally:
                gc.enable()
    assert found <= FEW
    assert kept == 0, "orders and trades, which the collector does not visit, are in cycles with fills"
