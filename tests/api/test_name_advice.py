"""Names that other libraries use are answered with the name here."""

import copy
import re
from typing import Any

import pytest

import mockexchange
from mockexchange.api.errors import USUAL_NAMES


def refusal_of(owner: object, name: str) -> str:
    with pytest.raises(AttributeError) as raised:
        getattr(owner, name)
    return str(raised.value)


def test_a_name_of_other_libraries_is_answered_with_the_name_here(exchange_sandbox: mockexchange.Exchange) -> None:
    owners = (exchange_sandbox, exchange_sandbox.accounts["alice"])
    for name, usual in USUAL_NAMES.items():
        known = re.split(r"\W", usual)[0]
        owner = next(one for one in owners if known in dir(one))
        assert refusal_of(owner, name) == f"'{type(owner).__name__}' object has no attribute '{name}': use {usual}"


def test_a_misspelt_name_is_answered_with_the_nearest(exchange_sandbox: mockexchange.Exchange) -> None:
    assert refusal_of(exchange_sandbox, "positons").endswith("'positons': did you mean 'positions'?")
    assert refusal_of(exchange_sandbox.journal, "expects").endswith("'expects': did you mean 'expect'?")
    assert refusal_of(exchange_sandbox.accounts["alice"].key, "private_key_paths").endswith("'private_key_path'?")
    assert refusal_of(exchange_sandbox.accounts["alice"], "balance").endswith("no attribute 'balance'")
    assert refusal_of(exchange_sandbox, "_positons").endswith("no attribute '_positons'")


def test_other_attributes_are_as_they_were(exchange_sandbox: mockexchange.Exchange) -> None:
    account = exchange_sandbox.accounts["alice"]
    assert not hasattr(account, "__dict__")
    assert copy.copy(account) == account
    assert not hasattr(exchange_sandbox, "balance")


def test_the_asynchronous_exchange_answers_alike(async_exchange_sandbox: mockexchange.AsyncExchange) -> None:
    assert refusal_of(async_exchange_sandbox, "cancel").endswith("has no attribute 'cancel': use cancel_order(order)")


def test_a_rule_as_a_mapping_is_explained(exchange_sandbox: mockexchange.Exchange) -> None:
    rule: Any = {"match": {"operation": "GetPositions"}, "then": {"status": 503}}
    with pytest.raises(mockexchange.WrongRequest, match=r"are given by name, as in fault\(\*\*rule\)"):
        exchange_sandbox.fault(rule)
    assert exchange_sandbox.fault(**rule)
