# Written by tools/write_sync_api.py from mockexchange/api/asynchronous/steps.py: change that.
"""Defines a method for each common step of scenarios, with the parameter names that the step has there.

Accounts are ACCOUNT, or ACCOUNT/BOOK for a subaccount or a subtrader. Amounts are `Decimal`, int, text or float.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mockexchange.api.synchronous.sandbox_client import SandboxClient
from mockexchange.api.values.accounts import MEMBER, Key, make_key
from mockexchange.api.values.arguments import Amount, Instant, Step, read_step, step_json, to_json
from mockexchange.api.values.results import Outcome, read_outcomes
from mockexchange.venues.registry import DEFAULT


class Steps(SandboxClient):
    """The methods that execute steps.

    They raise Refused if the exchange refuses a step, WrongRequest if it is not valid.
    """

    def do(self, *steps: Step | str) -> list[Outcome]:
        """Execute steps now. Each is a mapping, or YAML text, as in the history of a scenario.

        All steps are parsed before the first is executed. Raises Refused for the first step that the exchange refuses;
        the others are executed nevertheless.
        """
        body = [
            read_step(each) if isinstance(each, str) else to_json(each, f"[{place}]")
            for place, each in enumerate(steps)
        ]
        rows = self._ask("POST", "/commands", body)
        self._note_members([each for each, row in zip(body, rows, strict=True) if "events" in row])
        return read_outcomes(body, rows)

    def fill(
        self,
        account: str,
        market: str,
        side: str,
        action: str,
        count: Amount,
        price: Amount,
        *,
        taker: bool | None = None,
        fee: Amount | None = None,
        against: str | None = None,
        against_order: str | Mapping[str, str] | None = None,
        against_fee: Amount | None = None,
        order: str | Mapping[str, str] | None = None,
        client_order_id: str | None = None,
        id: str | None = None,  # noqa: A002  # the step's own word
    ) -> Outcome:
        """Make a fill of an account in a market: `side` yes or no, `action` buy or sell, `count` of at most 2
        decimals.

        `price` is in dollars of that side, above 0 and below 1, with at most 4 decimals. `fee` is in dollars; its
        default follows the series' formula. `order` is the id of the order that is filled; by default an order is made,
        with `{"new": ID}` under this id. `against` is an account of this exchange that takes the other side,
        with its `against_order` and `against_fee`.
        """
        return self._step(
            "fill",
            account=account,
            market=market,
            side=side,
            action=action,
            count=count,
            price=price,
            taker=taker,
            fee=fee,
            against=against,
            against_order=against_order,
            against_fee=against_fee,
            order=order,
            client_order_id=client_order_id,
            id=id,
        )

    def rest_order(
        self,
        account: str,
        market: str,
        side: str,
        action: str,
        count: Amount,
        price: Amount,
        *,
        order: str | None = None,
        client_order_id: str | None = None,
        group: str | None = None,
        expires: Instant | None = None,
        self_trade_prevention: str | None = None,
        cancel_on_pause: bool | None = None,
    ) -> Outcome:
        """Place an order that rests in a market's order book, in the units of `fill`; `outcome["order_id"]` is its id.

        `order` sets the id; `expires` is an instant of exchange time.
        """
        return self._step(
            "rest",
            account=account,
            market=market,
            side=side,
            action=action,
            count=count,
            price=price,
            order=order,
            client_order_id=client_order_id,
            group=group,
            expires=expires,
            self_trade_prevention=self_trade_prevention,
            cancel_on_pause=cancel_on_pause,
        )

    def place(
        self,
        account: str,
        market: str,
        side: str,
        action: str | None,
        count: Amount,
        price: Amount,
        *,
        time_in_force: str | None = None,
        post_only: bool | None = None,
        reduce_only: bool | None = None,
        max_cost: Amount | None = None,
        order: str | None = None,
        client_order_id: str | None = None,
        group: str | None = None,
        expires: Instant | None = None,
        self_trade_prevention: str | None = None,
        cancel_on_pause: bool | None = None,
    ) -> Outcome:
        """Place an order, which is matched with the book, in the units of `fill`; `outcome["order_id"]` is its id.

        `side` may also be bid or ask, with a price of YES and None for `action`. `time_in_force` is good_till_canceled
        (the default), immediate_or_cancel or fill_or_kill; `max_cost` in dollars makes the order fill-or-kill. Raises
        Refused if the order breaks a rule, for example if the account has too little cash.
        """
        return self._step(
            "place",
            account=account,
            market=market,
            side=side,
            action=action,
            count=count,
            price=price,
            time_in_force=time_in_force,
            post_only=post_only,
            reduce_only=reduce_only,
            max_cost=max_cost,
            order=order,
            client_order_id=client_order_id,
            group=group,
            expires=expires,
            self_trade_prevention=self_trade_prevention,
            cancel_on_pause=cancel_on_pause,
        )

    def print_trade(self, market: str, side: str, count: Amount, price: Amount) -> Outcome:
        """Add a public trade between participants that have no account here; its taker bought `side`.

        Resting orders of accounts that the trade's price reaches are filled.
        """
        return self._step("print", market=market, side=side, count=count, price=price)

    def cancel_order(self, order: str) -> Outcome:
        """Cancel a resting order by its id."""
        return self._step("cancel", order=order)

    def settle(self, market: str, result: str, value: Amount | None = None) -> Outcome:
        """Settle a market: `result` is yes, no, void, or scalar, which needs a `value` in dollars from 0 to 1."""
        return self._step("settle", market=market, result=result, value=value)

    def price(self, market: str, price: Amount) -> Outcome:
        """Set a market's last price, in dollars of YES: above 0 and below 1, with at most 4 decimals."""
        return self._step("price", market=market, price=price)

    def deposit(
        self,
        account: str,
        amount: Amount,
        *,
        method: str | None = None,
        fee: Amount | None = None,
        status: str | None = None,
        payment: str | None = None,
    ) -> Outcome:
        """Pay dollars in, with at most 6 decimals. `method` is ach, wire, crypto, debit or apm.

        `status` is applied, the default, or pending. The step `finalize_payment` completes a pending payment; it names
        the payment by the id given as `payment`.
        """
        return self._step(
            "deposit", account=account, amount=amount, method=method, fee=fee, status=status, payment=payment
        )

    def withdraw(
        self,
        account: str,
        amount: Amount,
        *,
        method: str | None = None,
        fee: Amount | None = None,
        status: str | None = None,
        payment: str | None = None,
    ) -> Outcome:
        """Pay dollars out, with the parameters of `deposit`. Raises Refused if the account has too little cash."""
        return self._step(
            "withdraw", account=account, amount=amount, method=method, fee=fee, status=status, payment=payment
        )

    def transfer(
        self,
        source: str,
        target: str,
        amount: Amount,
        *,
        id: str | None = None,  # noqa: A002  # the step's own word
    ) -> Outcome:
        """Move dollars between an account and its subaccounts: `transfer("alice", "alice/1", 50)`."""
        return self._step("transfer", source=source, target=target, amount=amount, id=id)

    def trade(
        self,
        account: str,
        instrument: str,
        direction: str,
        amount: Amount,
        price: Amount,
        *,
        taker: bool | None = None,
        fee: Amount | None = None,
        against: str | None = None,
        order: str | None = None,
        id: str | None = None,  # noqa: A002  # the step's own word
        label: str | None = None,
    ) -> Outcome:
        """Make a trade of an account in a derivative: `direction` is buy or sell.

        `amount` and `price` are in the derivative's units: dollars of an inverse future and a price in dollars, coins
        of an option and a price in coins. `fee` is in the settlement currency; its default follows the derivative's
        rate.
        """
        return self._step(
            "trade",
            account=account,
            instrument=instrument,
            direction=direction,
            amount=amount,
            price=price,
            taker=taker,
            fee=fee,
            against=against,
            order=order,
            id=id,
            label=label,
        )

    def mark(self, instrument: str, price: Amount, *, iv: Amount | None = None) -> Outcome:
        """Set a derivative's mark price, in the units of its price; `iv` is an option's volatility in percent."""
        return self._step("mark", instrument=instrument, price=price, iv=iv)

    def add_key(
        self,
        account: str,
        name: str,
        *,
        algorithm: str = "rsa",
        scopes: list[str] | None = None,
        book: str | None = None,
        api_date: str | None = None,
    ) -> Key:
        """Add a key to an account: a key pair, `rsa` or `ed25519`, or a secret if the account's venue uses secrets.

        `scopes` are names such as read and write, by default all. `book` restricts the key to one subaccount or
        subtrader. `api_date` is the API date of answers to requests with this key. `reset` removes the key. Raises
        UnknownAccount.
        """
        owner = self.accounts[account]
        pems = [key.private_key_pem for each in self.accounts.values() for key in each.keys.values()]
        made = make_key(self.name, owner, name, algorithm, pems)
        if made.private_pem:
            self.accounts.note_private_key(made.key_id, made.private_pem)
        self._step(
            "key",
            account=account,
            key=name,
            key_id=made.key_id,
            public_key=made.public_pem,
            secret=made.secret,
            scopes=scopes,
            book=book,
            api_date=api_date,
        )
        return owner.keys[name]

    def _note_members(self, done: Sequence[Step]) -> None:
        """Update the accounts and keys after steps that created some."""
        for words in (each["account"] for each in done if "account" in each):
            self.accounts.add(words["account"], words.get("kind", MEMBER), words.get("venue", DEFAULT.name))
        if any("key" in each for each in done):
            self.accounts.read_rows((self._ask("GET"))["accounts"])

    def _step(self, name: str, **words: Any) -> Outcome:
        (outcome,) = self.do(step_json(name, **words))
        return outcome
