"""The exchange as a whole: open, halted, and what it has to say."""

from msgspec.structs import replace

from mockexchange.core.commands import Announce, Note, SwitchExchange
from mockexchange.core.events import Announced, ExchangeSwitched, Noted, OrderCanceled
from mockexchange.core.model.state import Announcement, Service
from mockexchange.core.vocabulary import Severity
from tests.core.dump import dump
from tests.core.world import World, rest
from tests.helpers.rows import each_row


def test_an_exchange_runs_until_it_is_switched() -> None:
    world = World()
    service = world.exchange.state.service
    assert service == Service(is_active=True, is_trading=True, resume_at=None)
    switched = SwitchExchange(trading=False, resume_at=5)
    assert world.do(switched) == [ExchangeSwitched(active=True, trading=False, resume_at=5)]
    assert service == Service(is_active=True, is_trading=False, resume_at=5)
    world.do(SwitchExchange())
    assert service == Service()


@each_row(
    ("switch", "canceled"),
    [
        (SwitchExchange(trading=False), ["first", "third"]),
        (SwitchExchange(active=False), ["first", "third"]),
        (SwitchExchange(), []),
    ],
    ids=["no trading", "not active", "all is well"],
)
def test_orders_that_want_it_are_canceled_when_trading_stops(switch: SwitchExchange, canceled: list[str]) -> None:
    world = World()
    world.list_market("SUN-1")
    world.deposit("10")
    world.do(
        replace(rest("buy yes 2 @ 0.50", order="first"), cancel_on_pause=True),
        rest("buy yes 2 @ 0.50", order="second"),
        replace(rest("buy no 2 @ 0.50", market="SUN-1", order="third"), cancel_on_pause=True),
    )
    events = world.do(switch)
    assert [event.order_id for event in events if isinstance(event, OrderCanceled)] == canceled
    resting = [order.order_id for order_book in world.exchange.state.order_books.values() for order in order_book]
    assert resting == [name for name in ("first", "second", "third") if name not in canceled]


def test_a_fill_is_a_fact_even_while_the_exchange_is_halted() -> None:
    world = World()
    world.do(SwitchExchange(active=False, trading=False))
    assert len(world.fill("buy yes 1 @ 0.50")) == 1


def test_announcements_are_kept_in_order_with_the_instant_they_name_or_their_own() -> None:
    world = World()
    assert world.do(Announce(message="Welcome")) == [
        Announced(message="Welcome", severity=Severity.INFO, active=True, delivered_at=world.at)
    ]
    first_at = world.at
    world.do(Announce(message="Back soon", severity=Severity.WARNING, active=False, delivered_at=7))
    assert world.exchange.state.announcements == [
        Announcement("Welcome", Severity.INFO, True, first_at),
        Announcement("Back soon", Severity.WARNING, False, 7),
    ]


def test_a_note_is_told_and_changes_nothing() -> None:
    world = World()
    before = dump(world.exchange.state)
    assert world.do(Note(subject="fault", text="{}"), Note(subject="fault", text="")) == [
        Noted(subject="fault", text="{}"),
        Noted(subject="fault", text=""),
    ]
    assert dump(world.exchange.state) == before
