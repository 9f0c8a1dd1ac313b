"""Orders that an exchange refuses whatever they are: during a pause, and beyond the limit of open orders."""

from mockexchange.core.commands import SwitchExchange
from mockexchange.core.model.order_rules import OrderRules
from tests.helpers.rows import each_row
from tests.venues.deribit.exchange import diagnosis_of, error_of
from tests.venues.deribit.test_order_entry import BUY, STOP, exchange_with_quotes

WRITES = ("edit?order_id={}&amount=20", "cancel?order_id={}", "cancel_all")


@each_row(
    ("pause", "code", "word", "refused"),
    [
        (SwitchExchange(trading=False), 10041, "settlement_in_progress", WRITES[:1]),
        (SwitchExchange(active=False), 11051, "system_maintenance", WRITES),
    ],
)
def test_a_pause_is_a_settlement_or_maintenance_of_the_venue(
    pause: SwitchExchange, code: int, word: str, refused: tuple[str, ...]
) -> None:
    exchange = exchange_with_quotes()
    order = exchange.result(f"{BUY}&amount=10&price=113000")["order"]["order_id"]
    exchange.do(pause)
    for target in (f"{BUY}&amount=10&price=113000", f"{STOP}&trigger=mark_price&trigger_price=115000"):
        assert exchange.error(target) == {"code": code, "message": word}
    for write in WRITES:
        answer = exchange.get(f"private/{write.format(order)}")
        assert (answer.status, word.encode() in answer.body) == ((400, True) if write in refused else (200, False))


def test_orders_beyond_the_limit_of_the_scenario_are_refused_with_it() -> None:
    exchange = exchange_with_quotes()
    exchange.bench.exchange.state.rules = OrderRules(orders_max=1)
    order = exchange.result(f"{BUY}&amount=10&price=113000")["order"]["order_id"]
    answer = exchange.get(f"{BUY}&amount=10&price=113000")
    assert error_of(answer) == {"code": 10013, "message": "pme_max_total_open_orders 1"}
    assert "has 1 open orders: at most 1 may be open" in diagnosis_of(answer)
    assert exchange.result(f"private/edit?order_id={order}&amount=20&price=113000")["order"]["amount"] == 20
    assert exchange.result("private/cancel_all") == 1
    assert exchange.result(f"{BUY}&amount=10&price=113000")["order"]["order_state"] == "open"
