"""Derivatives so naive that they can be trusted: every position is a list of lots, every number a fraction.

A lot remembers its price of entry and the price its session counts from. What closes takes the same share of every
lot. Nothing is kept that can be added up again.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from mockexchange.core.commands import (
    Command,
    CreditCurrency,
    DeliverDerivative,
    MarkDerivative,
    OpenHolding,
    PayFunding,
    SetIndex,
    SettleSession,
    TradeDerivative,
)
from mockexchange.core.derivatives.derivative import Terms
from mockexchange.core.derivatives.vocabulary import COMBOS, DerivativeKind, Direction, Form, OptionType
from mockexchange.core.vocabulary import SubaccountRef

Key = tuple[SubaccountRef, str]


@dataclass
class Lot:
    size: Fraction
    entry: Fraction
    session: Fraction
    entry_usd: Fraction


@dataclass
class Naive:
    """`marks` and `indexes` as they are; cash is one number a book and currency."""

    terms: dict[str, Terms]
    marks: dict[str, Fraction]
    settlements: dict[str, Fraction]
    indexes: dict[str, Fraction]
    lots: dict[Key, list[Lot]] = field(default_factory=dict)
    realized: dict[Key, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    funded: dict[Key, Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    cash: dict[tuple[SubaccountRef, str], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    gone: set[str] = field(default_factory=set)

    def do(self, command: Command) -> None:
        match command:
            case SetIndex():
                self.indexes[command.index] = Fraction(command.price)
            case MarkDerivative():
                self.marks[command.derivative] = Fraction(command.price)
            case CreditCurrency():
                self.cash[command.subaccount_ref, command.currency] += Fraction(command.amount)
            case OpenHolding():
                self._open(command)
            case TradeDerivative():
                self._trade(command)
            case SettleSession():
                self._settle({name: Fraction(price) for name, price in command.prices})
            case PayFunding():
                self._fund(command)
            case DeliverDerivative():
                self._deliver(command)

    def size(self, key: Key) -> Fraction:
        return sum((lot.size for lot in self.lots.get(key, [])), Fraction(0))

    def total(self, key: Key) -> Fraction:
        mark = self.marks[key[1]]
        return sum((self._profit(key[1], lot.size, lot.entry, mark) for lot in self.lots.get(key, [])), Fraction(0))

    def floating(self, key: Key) -> Fraction:
        mark = self.marks[key[1]]
        return sum((self._profit(key[1], lot.size, lot.session, mark) for lot in self.lots.get(key, [])), Fraction(0))

    def floating_usd(self, key: Key) -> Fraction:
        now = self.marks[key[1]] * self._dollars(key[1])
        return sum((lot.size * (now - lot.entry_usd) for lot in self.lots.get(key, [])), Fraction(0))

    def average(self, key: Key) -> Fraction:
        """The price at which all of it together would have made what its lots made."""
        size, lots = self.size(key), self.lots.get(key, [])
        if not size:
            return Fraction(0)
        if self._is_inverse_future(key[1]):
            return size / sum((lot.size / lot.entry for lot in lots), Fraction(0))
        return sum((lot.size * lot.entry for lot in lots), Fraction(0)) / size

    def is_option(self, name: str) -> bool:
        return self.terms[name].kind is DerivativeKind.OPTION

    def _is_inverse_future(self, name: str) -> bool:
        return self.terms[name].form is Form.INVERSE and not self.is_option(name)

    def _profit(self, name: str, size: Fraction, bought: Fraction, sold: Fraction) -> Fraction:
        return size / bought - size / sold if self._is_inverse_future(name) else size * (sold - bought)

    def _dollars(self, name: str) -> Fraction:
        return self.indexes[self.terms[name].index] if self.terms[name].form is Form.INVERSE else Fraction(1)

    def _open(self, command: OpenHolding) -> None:
        key, average = (command.subaccount_ref, command.derivative), Fraction(command.average_price)
        session = Fraction(command.reference or 0) or self.settlements[command.derivative] or average
        usd = Fraction(command.average_price_usd or 0) or average * self._dollars(command.derivative)
        self.lots[key] = [Lot(Fraction(command.size), average, session, usd)] if command.size else []
        self.realized[key] += Fraction(command.realized)
        self.funded[key] += Fraction(command.realized_funding)

    def _trade(self, command: TradeDerivative) -> None:
        size = Fraction(command.amount) * (1 if command.direction is Direction.BUY else -1)
        for place, (name, leg_size, price) in enumerate(self._legs(command, size)):
            self._fill(command.subaccount_ref, name, leg_size, price)
            given = None if command.fee is None else Fraction(command.fee) if not place else Fraction(0)
            self._charge(
                command.subaccount_ref,
                name,
                self._fee(name, leg_size, price, command.taker) if given is None else given,
            )
            if command.against is not None:
                self._fill(command.against, name, -leg_size, price)
                self._charge(command.against, name, self._fee(name, leg_size, price, not command.taker))

    def _charge(self, subaccount_ref: SubaccountRef, name: str, fee: Fraction) -> None:
        self.cash[subaccount_ref, self.terms[name].settlement_currency] -= fee

    def _fee(self, name: str, size: Fraction, price: Fraction, is_taker: bool) -> Fraction:
        terms = self.terms[name]
        rate = Fraction(terms.taker_fee if is_taker else terms.maker_fee)
        if self.is_option(name):
            underlying = 1 if terms.form is Form.INVERSE else self.indexes[terms.index]
            return abs(size) * min(rate * underlying, price / 8)
        return rate * abs(size / price if self._is_inverse_future(name) else size * price)

    def _legs(self, command: TradeDerivative, size: Fraction) -> list[tuple[str, Fraction, Fraction]]:
        terms = self.terms[command.derivative]
        if terms.kind not in COMBOS:
            return [(command.derivative, size, Fraction(command.price))]
        (first, ratio), *others = terms.legs
        rest = sum((self.marks[name] * count for name, count in others), Fraction(0))
        price = (Fraction(command.price) - rest) / ratio
        return [(first, size * ratio, price), *((name, size * count, self.marks[name]) for name, count in others)]

    def _fill(self, subaccount_ref: SubaccountRef, name: str, size: Fraction, price: Fraction) -> None:
        key = (subaccount_ref, name)
        held = self.size(key)
        closed = Fraction(0)
        if (held > 0) != (size > 0):
            closed = held if abs(held) < abs(size) else -size
        lots = self.lots.setdefault(key, [])
        for lot in lots:
            part = lot.size * closed / held if closed else Fraction(0)
            self.realized[key] += self._profit(name, part, lot.session, price)
            lot.size -= part
        lots[:] = [lot for lot in lots if lot.size]
        if size + closed:
            lots.append(Lot(size + closed, price, price, price * self._dollars(name)))
        if self.is_option(name):
            self.cash[subaccount_ref, self.terms[name].settlement_currency] -= size * price

    def _settle(self, prices: dict[str, Fraction]) -> None:
        for name in self.terms.keys() - self.gone:
            self.settlements[name] = prices.get(name, self.marks[name])
        for key in list(self.lots):
            subaccount_ref, name = key
            made = self._end_session(key, self.settlements[name])
            if not self.is_option(name):
                self.cash[subaccount_ref, self.terms[name].settlement_currency] += made
            if not self.lots[key]:
                del self.lots[key]

    def _end_session(self, key: Key, price: Fraction) -> Fraction:
        """What the session made; the next counts from `price`."""
        made = self.realized.pop(key, Fraction(0))
        self.funded.pop(key, None)
        for lot in self.lots[key]:
            made += self._profit(key[1], lot.size, lot.session, price)
            lot.session = price
        return made

    def _fund(self, command: PayFunding) -> None:
        mark = self.marks[command.derivative]
        for key in self.lots:
            if key[1] == command.derivative:
                worth = self.size(key) / mark if self._is_inverse_future(key[1]) else self.size(key) * mark
                self.realized[key] -= Fraction(command.rate) * worth
                self.funded[key] -= Fraction(command.rate) * worth

    def _deliver(self, command: DeliverDerivative) -> None:
        name = command.derivative
        terms = self.terms[name]
        price = Fraction(command.price) if command.price is not None else self.indexes[terms.index]
        self.gone.add(name)
        for key in [key for key in self.lots if key[1] == name]:
            if self.is_option(name):
                made = self.size(key) * self._payoff(terms, price)
                self.realized.pop(key, None)
            else:
                made = self._end_session(key, price)
            self.cash[key[0], terms.settlement_currency] += made
            del self.lots[key]

    def _payoff(self, terms: Terms, price: Fraction) -> Fraction:
        assert terms.strike is not None
        strike = Fraction(terms.strike)
        dollars = max(price - strike if terms.option_type is OptionType.CALL else strike - price, Fraction(0))
        return dollars / price if terms.form is Form.INVERSE else dollars
