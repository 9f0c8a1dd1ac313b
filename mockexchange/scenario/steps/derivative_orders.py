"""Defines the scenario steps for orders of derivatives, and for quotes of traders outside the scenario."""

from mockexchange.core import commands
from mockexchange.core.derivatives.vocabulary import DerivativeKind, Direction, OrderLife, TriggerKind, TriggerSource
from mockexchange.scenario.steps.shared_fields import CURRENCY
from mockexchange.scenario.steps.step_type import StepKind, step
from mockexchange.scenario.types.composite_types import ListOf, TupleOf, may, must
from mockexchange.scenario.types.decimals import NUMBER_ABOVE_ZERO
from mockexchange.scenario.types.value_types import BOOK, BOOLEAN, NAME, TEXT, choice

_LEVELS = ListOf(
    TupleOf((NUMBER_ABOVE_ZERO, NUMBER_ABOVE_ZERO), "a level [price, amount]"), "a list of [price, amount]"
)
_INSTRUMENT = {"instrument": ("derivative", must(NAME))}
_FLAGS = ("post_only", "reject_post_only", "reduce_only")
STEPS: dict[str, StepKind] = {
    "quote": step(
        commands.QuoteDerivative, **_INSTRUMENT, bids=("bids", may(_LEVELS, ())), asks=("asks", may(_LEVELS, ()))
    ),
    "order": step(
        commands.PlaceDerivativeOrder,
        account=("subaccount_ref", must(BOOK)),
        **_INSTRUMENT,
        direction=("direction", must(choice({direction.value: direction for direction in Direction}))),
        amount=("amount", must(NUMBER_ABOVE_ZERO)),
        price=("price", may(NUMBER_ABOVE_ZERO)),
        time_in_force=("life", may(choice({life.value: life for life in OrderLife}))),
        **{name: (name, may(BOOLEAN, False)) for name in _FLAGS},
        label=("label", may(TEXT, "")),
        order=("order", may(NAME)),
        trigger=("trigger", may(choice({source.value: source for source in TriggerSource}))),
        trigger_kind=("trigger_kind", may(choice({kind.value: kind for kind in TriggerKind}))),
        trigger_price=("trigger_price", may(NUMBER_ABOVE_ZERO)),
    ),
    "edit": step(
        commands.EditDerivativeOrder,
        order=("order", must(NAME)),
        amount=("amount", may(NUMBER_ABOVE_ZERO)),
        price=("price", may(NUMBER_ABOVE_ZERO)),
        **{name: (name, may(BOOLEAN)) for name in _FLAGS},
        trigger_price=("trigger_price", may(NUMBER_ABOVE_ZERO)),
    ),
    "cancel_orders": step(
        commands.CancelDerivativeOrders,
        account=("subaccount_ref", must(BOOK)),
        instrument=("derivative", may(NAME)),
        currency=("currency", may(CURRENCY)),
        kinds=("kinds", may(ListOf(choice({kind.value: kind for kind in DerivativeKind}), "a list of kinds"), ())),
        label=("label", may(TEXT)),
    ),
}
