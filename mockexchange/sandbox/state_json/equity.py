"""Computes the worth of an account over exchange time, from the log.

The commands of the log are executed on a copy of the exchange, and the account is valued after each command that can
change its worth. The copy is kept, so that a later read executes only the commands added since.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from mockexchange.core.commands import CreditCurrency
from mockexchange.core.decimal_text import exact
from mockexchange.core.derivatives import valuation
from mockexchange.core.derivatives.precision import precise
from mockexchange.core.events import DerivativeMarked, DerivativeTraded, IndexSet, MarketMoved, MarketPriced, Traded
from mockexchange.core.exchange import Exchange
from mockexchange.core.instants import format_instant
from mockexchange.core.model.state import State
from mockexchange.core.refusals import Refusal
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.sandbox.state_json.accounts import decimal_text
from mockexchange.store.log import Log, Record

SAMPLES_MAX = 20_000
"""The most samples of a currency that are kept, five megabytes; beyond it half of them are dropped."""
CURRENCY = "USD"
PRICING = (MarketPriced, MarketMoved, Traded, DerivativeMarked, DerivativeTraded, IndexSet)
"""Events that change the worth of positions without naming an account."""
ZERO = Decimal(0)


class Sample(NamedTuple):
    """The worth of an account in one currency at an instant.

    `cash` includes reserved cash; `worth` uses last or mark prices.

    `paid_in` is the sum of deposits and opening balances less withdrawals, so `worth` less `paid_in` is the profit.
    """

    at: int
    cash: Decimal
    exposure: Decimal
    """The cost of open positions; for derivatives, the initial margin."""
    realized: Decimal
    """The realized profit; for derivatives, since their last settlement."""
    fees: Decimal
    paid_in: Decimal
    worth: Decimal


class EquityCurve:
    """Computes the worth of one account over time, as samples by currency, from the commands of a log."""

    def __init__(self, log: Log, account: str) -> None:
        self.log, self.account = log, account
        self.samples: dict[str, list[Sample]] = {}
        self._exchange: Exchange = log.header.new_exchange()
        self._paid_in: dict[str, Decimal] = {}
        self._fees: dict[str, Decimal] = {}

    @property
    def position(self) -> int:
        """The number of commands of the log that were executed so far."""
        return self._exchange.state.sequence

    def follow(self) -> Iterator[None]:
        """Execute the commands of the log that are new since the last call.

        The iterator yields after each command, so that the caller can let other tasks run.
        """
        for record in self.log.records(after=self.position):
            outcome = self._exchange.execute(record.command, record.at)
            if not isinstance(outcome, Refusal) and self._is_concerned(record, outcome):
                self._sample(record, outcome)
            yield

    def _is_concerned(self, record: Record, outcome: Sequence[object]) -> bool:
        if self.account not in self._exchange.state.accounts:
            return False
        return any(
            isinstance(value, PRICING) or _account_of(value) == self.account for value in (record.command, *outcome)
        )

    def _sample(self, record: Record, outcome: Sequence[object]) -> None:
        state = self._exchange.state
        if state.accounts[self.account].venue:
            self._note_derivatives(record, outcome)
            found = self._of_derivatives(state, record.at)
        else:
            found = {CURRENCY: _of_dollars(state, self.account, record.at)}
        for currency, sample in found.items():
            _add(self.samples.setdefault(currency, []), sample)

    def _note_derivatives(self, record: Record, outcome: Sequence[object]) -> None:
        """Add up what the state does not keep: payments in, and fees."""
        command = record.command
        if isinstance(command, CreditCurrency) and command.subaccount_ref.account == self.account:
            self._paid_in[command.currency] = self._paid_in.get(command.currency, ZERO) + command.amount
        listed = self._exchange.state.derivatives.listed
        for event in outcome:
            if isinstance(event, DerivativeTraded) and event.subaccount_ref.account == self.account:
                currency = listed[event.derivative].terms.settlement_currency
                self._fees[currency] = self._fees.get(currency, ZERO) + event.fee

    @precise
    def _of_derivatives(self, state: State, at: int) -> dict[str, Sample]:
        owners = [SubaccountRef(self.account, subaccount) for subaccount in state.accounts[self.account].subaccounts]
        views = [
            valuation.summary_of(state, owner, one) for owner in owners for one in valuation.currencies_of(state, owner)
        ]
        found: dict[str, Sample] = {}
        for view in views:
            before = found.get(view.currency)
            found[view.currency] = Sample(
                at,
                view.balance + (before.cash if before else ZERO),
                view.initial_margin + (before.exposure if before else ZERO),
                view.session_realized + (before.realized if before else ZERO),
                self._fees.get(view.currency, ZERO),
                self._paid_in.get(view.currency, ZERO),
                view.equity + (before.worth if before else ZERO),
            )
        return found


def _of_dollars(state: State, account: str, at: int) -> Sample:
    subaccounts = list(state.subaccounts_of(account))
    cash = sum(one.cash_micros for one in subaccounts)
    micros = (
        cash,
        sum(one.cost_micros for one in subaccounts),
        sum(one.realized_micros for one in subaccounts),
        sum(one.fees_micros for one in subaccounts),
        sum(one.contributed_micros for one in subaccounts),
        cash + sum(sum(one.values_micros.values()) for one in subaccounts),
    )
    return Sample(at, *(Decimal(exact(amount, 6)) for amount in micros))


def _add(samples: list[Sample], sample: Sample) -> None:
    """Append a sample unless nothing changed; one of the same instant takes the place of the last."""
    if samples and samples[-1][1:] == sample[1:]:
        return
    if samples and samples[-1].at == sample.at:
        samples.pop()
    samples.append(sample)
    if len(samples) > SAMPLES_MAX:
        samples[:] = thinned(samples, SAMPLES_MAX // 2)


def thinned(samples: Sequence[Sample], points_max: int) -> list[Sample]:
    """Return at most `points_max` samples that keep the shape of a curve.

    They are the first, lowest, highest and last sample of each of many equal spans of time.
    """
    if len(samples) <= points_max:
        return list(samples)
    begin, spans = samples[0].at, max(1, points_max // 4)
    width = (samples[-1].at - begin) // spans + 1
    by_span: dict[int, list[Sample]] = {}
    for sample in samples:
        by_span.setdefault((sample.at - begin) // width, []).append(sample)
    return [sample for part in by_span.values() for sample in _extremes(part)]


def _extremes(part: Sequence[Sample]) -> list[Sample]:
    chosen = {part[0].at, part[-1].at}
    chosen |= {pick(part, key=lambda sample: sample.worth).at for pick in (min, max)}
    return [sample for sample in part if sample.at in chosen]


def series_to_json(fold: EquityCurve, points_max: int) -> list[dict[str, Any]]:
    """Return the samples as JSON, an object for each currency, with at most `points_max` points, oldest first."""
    return [
        {"currency": currency, "samples": len(samples), "points": [_point(one) for one in thinned(samples, points_max)]}
        for currency, samples in fold.samples.items()
    ]


def _point(sample: Sample) -> dict[str, str]:
    return {
        "at": format_instant(sample.at),
        **{name: decimal_text(getattr(sample, name)) for name in Sample._fields[1:]},
    }


def _account_of(value: object) -> str | None:
    subaccount_ref = getattr(value, "subaccount_ref", None)
    return getattr(value, "account", None) if subaccount_ref is None else subaccount_ref.account
