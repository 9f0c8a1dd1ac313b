"""Accounts, their books and keys, and what a merchant forbids its subtraders."""

from mockexchange.core.commands import (
    AddKey,
    CapSubtrader,
    OpenAccount,
    OpenSubaccount,
    RestrictSubtrader,
    Transfer,
    Withdraw,
)
from mockexchange.core.events import (
    AccountOpened,
    CashMoved,
    KeyAdded,
    SubaccountOpened,
    SubtraderCapped,
    SubtraderRestricted,
    Transferred,
)
from mockexchange.core.ids import derived_id
from mockexchange.core.model.accounts import SubtraderRules
from mockexchange.core.vocabulary import AccountKind, SubaccountRef
from tests.core.world import World


def key(account: str, name: str, pem: str, subaccount: str | None = None) -> AddKey:
    return AddKey(account=account, key=name, key_id=f"id of {account} {name}", public_key=pem, subaccount=subaccount)


def test_an_account_opens_with_its_primary_book() -> None:
    world = World()
    assert world.do(OpenAccount(account="carol", kind=AccountKind.FCM, account_id="fcm7")) == [
        AccountOpened(account="carol", kind=AccountKind.FCM),
        SubaccountOpened(subaccount_ref=SubaccountRef("carol", "0")),
    ]
    carol = world.exchange.state.accounts["carol"]
    assert (carol.account_id, carol.subaccounts, carol.keys) == ("fcm7", {"0": ""}, {})


def test_an_account_is_its_own_id_unless_it_is_given_one() -> None:
    assert World().exchange.state.accounts["alice"].account_id == "alice"


def test_an_account_has_a_user_and_a_tier() -> None:
    world = World()
    world.do(OpenAccount(account="carol", user_id="u-7", tier="prime"))
    alice, carol = (world.exchange.state.accounts[name] for name in ("alice", "carol"))
    assert (carol.user_id, carol.tier) == ("u-7", "prime")
    assert (alice.user_id, alice.tier) == (derived_id("user", "alice"), "basic")
    assert alice.user_id != world.exchange.state.accounts["bob"].user_id


def test_a_member_opens_subaccounts_1_to_63_and_an_fcm_any_name() -> None:
    world = World()
    world.do(*(OpenSubaccount(account="alice", subaccount=str(number)) for number in range(1, 64)))
    world.do(OpenSubaccount(account="desk", subaccount="64", subaccount_id="fcm7_64"))
    assert list(world.exchange.state.accounts["alice"].subaccounts) == [str(number) for number in range(64)]
    assert world.exchange.state.accounts["desk"].subaccounts == {"0": "", "st1": "", "64": "fcm7_64"}


def test_the_books_of_an_account_begin_with_the_primary_one() -> None:
    world = World()
    world.do(OpenSubaccount(account="alice", subaccount="7"), OpenSubaccount(account="alice", subaccount="3"))
    assert [str(subaccount.ref) for subaccount in world.exchange.state.subaccounts_of("alice")] == [
        "alice",
        "alice/7",
        "alice/3",
    ]


def test_a_key_is_found_by_its_id_and_by_its_name() -> None:
    world = World()
    command = key("desk", "ro", "PEM", subaccount="st1")
    assert world.do(command) == [KeyAdded(account="desk", key="ro", key_id="id of desk ro")]
    state = world.exchange.state
    assert state.keys["id of desk ro"] is state.accounts["desk"].keys["ro"]
    assert (state.keys["id of desk ro"].public_key, state.keys["id of desk ro"].subaccount) == ("PEM", "st1")


def test_an_account_is_of_a_venue() -> None:
    world = World()
    world.do(OpenAccount(account="carol", venue="there"))
    accounts = world.exchange.state.accounts
    assert (accounts["alice"].venue, accounts["carol"].venue) == ("", "there")


def test_a_key_of_a_secret_is_kept_apart_from_those_of_pairs() -> None:
    world = World()
    world.do(AddKey(account="alice", key="main", key_id="alice-1", secret="s3cr3t", scopes=("trade:read",)))
    state = world.exchange.state
    key = state.secret_keys["alice-1"]
    assert (key.secret, key.public_key, key.scopes) == ("s3cr3t", "", ("trade:read",))
    assert (state.keys, state.accounts["alice"].keys) == ({}, {"main": key})


def test_key_ids_are_unique_over_both_kinds_and_a_secret_is_of_one_account() -> None:
    world = World()
    world.do(AddKey(account="alice", key="main", key_id="one", secret="s3cr3t"), key("alice", "pair", "PEM"))
    world.do(AddKey(account="alice", key="again", key_id="two", secret="s3cr3t"))
    refused = [
        AddKey(account="bob", key="k", key_id="one", public_key="PEM of bob"),
        AddKey(account="bob", key="k", key_id="id of alice pair", secret="other"),
        AddKey(account="bob", key="k", key_id="three", secret="s3cr3t"),
    ]
    assert [world.refuse(command).message for command in refused] == [
        "key id one exists already",
        "key id id of alice pair exists already",
        "accounts alice and bob share a secret: give each its own",
    ]


def test_keys_of_one_account_may_share_a_pair() -> None:
    world = World()
    world.do(key("alice", "main", "PEM"), key("alice", "ro", "PEM"))
    assert list(world.exchange.state.accounts["alice"].keys) == ["main", "ro"]


def test_cash_moves_between_books_and_only_what_is_free() -> None:
    world = World()
    world.deposit("10", "desk")
    world.rest("buy yes 10 @ 0.40", "desk")
    moved = Transfer(
        source=SubaccountRef("desk"), target=SubaccountRef("desk", "st1"), amount_micros=6_000_000, transfer="t"
    )
    assert world.do(moved) == [
        Transferred(
            transfer="t", source=SubaccountRef("desk"), target=SubaccountRef("desk", "st1"), amount_micros=6_000_000
        ),
        CashMoved(subaccount_ref=SubaccountRef("desk"), amount_micros=-6_000_000, cash_micros=4_000_000),
        CashMoved(subaccount_ref=SubaccountRef("desk", "st1"), amount_micros=6_000_000, cash_micros=6_000_000),
    ]
    assert world.refuse(Withdraw(subaccount_ref=SubaccountRef("desk"), amount_micros=1)).message.startswith(
        "desk has 0.000000 dollars"
    )
    world.do(Withdraw(subaccount_ref=SubaccountRef("desk", "st1"), amount_micros=6_000_000))
    assert world.subaccount("desk/st1").contributed_micros == 0


def test_what_is_forbidden_is_replaced_and_a_cap_is_apart() -> None:
    world, st1 = World(), SubaccountRef("desk", "st1")
    rules = world.exchange.state.accounts["desk"].subtrader_rules
    assert rules == {}
    forbidden = RestrictSubtrader(subaccount_ref=st1, categories=("Sports", "Politics"))
    assert world.do(forbidden, CapSubtrader(subaccount_ref=st1, limit_micros=5)) == [
        SubtraderRestricted(subaccount_ref=st1, categories=("Sports", "Politics"), blocked=False),
        SubtraderCapped(subaccount_ref=st1, limit_micros=5),
    ]
    assert rules == {"st1": SubtraderRules(False, ("Sports", "Politics"), 5)}
    world.do(RestrictSubtrader(subaccount_ref=st1, blocked=True))
    assert rules == {"st1": SubtraderRules(True, (), 5)}
    world.do(CapSubtrader(subaccount_ref=st1, limit_micros=None))
    assert rules == {"st1": SubtraderRules(True, (), None)}
