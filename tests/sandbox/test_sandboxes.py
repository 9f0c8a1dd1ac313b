"""Names, keys and idle times of a server's sandboxes. Their HTTP interface is tested in server/control/test_flow."""

import pytest

from mockexchange.core.commands import AddKey, RemoveKey
from mockexchange.sandbox import sandboxes
from mockexchange.sandbox.interface import KeyInUse, SandboxError
from mockexchange.sandbox.options import DEFAULT
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.sandbox.sandboxes import Sandboxes, Slot
from mockexchange.venues.request import Request
from tests.helpers.sandboxes import WALL, do, make, run

FIXED = "scenario: fixed\naccounts: {alice: {keys: {main: {key_id: fixed}}}}\n"


class Host:
    """A wall clock that the test sets."""

    at = WALL

    def __call__(self) -> int:
        return self.at


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def shared(host: Host) -> Sandboxes:
    """`default` and `fixed`, both on the shared port."""
    made = Sandboxes()
    made.add(Slot(make(host=host)))
    made.add(Slot(make(FIXED, name="fixed", host=host)))
    return made


def names(several: Sandboxes) -> list[str]:
    return [slot.sandbox.name for slot in several]


def test_the_key_selects_the_sandbox(shared: Sandboxes) -> None:
    assert shared.route("fixed").name == "fixed"
    assert {shared.route(key).name for key in (None, "", "nobody", make().credentials()[0].key_id)} == {DEFAULT}
    assert (len(shared), names(shared)) == (2, [DEFAULT, "fixed"])


def test_a_key_on_an_own_port_is_not_routed(shared: Sandboxes) -> None:
    shared.add(Slot(make(FIXED, name="own"), has_own_port=True))
    assert shared.route("fixed").name == "fixed"
    run(shared.delete("fixed"))
    assert shared.route("fixed").name == DEFAULT


def test_a_key_id_that_is_taken_keeps_the_sandbox_out(shared: Sandboxes) -> None:
    with pytest.raises(KeyInUse, match=r"key id fixed is in use .* a port of its own \(port: 0\)") as raised:
        shared.add(Slot(make(FIXED, name="again")))
    assert (raised.value.status, raised.value.code, raised.value.owner) == (409, "key_in_use", "fixed")
    assert names(shared) == [DEFAULT, "fixed"]


def test_a_key_added_later_never_takes_another_sandboxes_place(shared: Sandboxes) -> None:
    default = shared.get(DEFAULT).sandbox
    account = next(iter(default.exchange.state.keys.values())).account
    before = len(default.log)
    with pytest.raises(KeyInUse):
        do(default, AddKey(account=account, key="k", key_id="fixed", public_key="PEM"))
    assert len(default.log) == before
    do(default, AddKey(account=account, key="k", key_id="late", public_key="PEM"))
    assert [shared.route(key_id).name for key_id in ("fixed", "late")] == ["fixed", DEFAULT]
    do(shared.get("fixed").sandbox, RemoveKey(account="alice", key_id="fixed"))
    assert shared.route("fixed").name == "fixed", "who has a removed key is told so"
    do(default, AddKey(account=account, key="again", key_id="fixed", public_key="PEM"))
    assert shared.route("fixed").name == DEFAULT
    with pytest.raises(KeyInUse):
        run(shared.reset("fixed"))
    assert shared.route("fixed").name == DEFAULT


def test_reset_puts_a_fresh_one_in_its_place(shared: Sandboxes) -> None:
    before = shared.get("fixed").sandbox
    do(before, AddKey(account="alice", key="late", key_id="late", public_key="PEM"))
    fresh: Sandbox = run(shared.reset("fixed"))
    assert shared.get("fixed").sandbox is fresh is not before
    assert shared.route("fixed") is fresh
    assert shared.route("late").name == DEFAULT
    assert fresh.credentials() == before.credentials()[:1]


def test_reset_leaves_an_own_port_unrouted(shared: Sandboxes) -> None:
    shared.add(Slot(make(FIXED, name="own"), has_own_port=True))
    fresh: Sandbox = run(shared.reset("own"))
    assert shared.route("fixed").name == "fixed"
    assert shared.get("own").sandbox is fresh


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "0", "a" * 64])
def test_good_names(shared: Sandboxes, name: str) -> None:
    shared.require_room(name)


@pytest.mark.parametrize("name", ["", ".", "..", "-a", "a b", "a/b", "ä", "a\n", "a" * 65, "_"])
def test_bad_names(shared: Sandboxes, name: str) -> None:
    with pytest.raises(SandboxError, match="expected letters, digits") as raised:
        shared.require_room(name)
    assert (raised.value.status, raised.value.code) == (400, "bad_name")


def test_a_name_exists_once(shared: Sandboxes) -> None:
    with pytest.raises(SandboxError, match="a sandbox 'fixed' exists already") as raised:
        shared.add(Slot(make(name="fixed"), has_own_port=True))
    assert (raised.value.status, raised.value.code) == (409, "name_in_use")


def test_generated_names_are_unused(shared: Sandboxes) -> None:
    for _ in range(3):
        shared.add(Slot(make(name=shared.new_name()), has_own_port=True))
    run(shared.delete("sandbox-2"))
    assert (shared.new_name(), names(shared)[2:]) == ("sandbox-2", ["sandbox-1", "sandbox-3"])


def test_there_is_a_limit(shared: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sandboxes.SANDBOXES_MAX == 1_000
    monkeypatch.setattr(sandboxes, "SANDBOXES_MAX", 2)
    with pytest.raises(SandboxError, match="at most 2 sandboxes: delete one first") as raised:
        shared.require_room(shared.new_name())
    assert (raised.value.status, raised.value.code) == (409, "too_many_sandboxes")


def test_an_unknown_one_is_named_beside_those_there_are(shared: Sandboxes) -> None:
    with pytest.raises(SandboxError, match="no sandbox 'none'; known: default, fixed") as raised:
        shared.get("none")
    assert (raised.value.status, raised.value.code) == (404, "unknown_sandbox")
    with pytest.raises(SandboxError, match="known: none"):
        Sandboxes().get("x")


def test_the_default_one_stays(shared: Sandboxes) -> None:
    with pytest.raises(SandboxError, match="the default sandbox stays; reset it instead") as raised:
        run(shared.delete(DEFAULT))
    assert (raised.value.status, raised.value.code) == (409, "default_sandbox")


def test_an_idle_sandbox_expires(shared: Sandboxes, host: Host) -> None:
    for name in ("asked", "looked-at", "left"):
        shared.add(Slot(make(name=name, host=host), has_own_port=True, idle_us_max=100))
    host.at += 90
    shared.get("asked").sandbox.answer(Request("GET", "/"))
    host.at += 60
    shared.get("looked-at")
    assert shared.expired(WALL + 100) == []
    assert shared.expired(WALL + 150) == ["left"]
    assert shared.expired(WALL + 190) == ["left"]
    assert shared.expired(WALL + 251) == ["asked", "looked-at", "left"]


def test_what_is_set_aside_does_not_expire_and_gives_its_reason_for_its_name(shared: Sandboxes, host: Host) -> None:
    slot = Slot(make(FIXED, name="again", host=host), idle_us_max=100)
    assert shared.restore(slot) is not None
    host.at += 1_000
    assert shared.expired(host.at) == []
    with pytest.raises(SandboxError, match=r"exists already; sandbox 'again' is set aside, .* key id fixed is in use"):
        shared.require_room("again")


def test_a_follower_answers_for_neither_of_two_copies_with_one_key(shared: Sandboxes) -> None:
    """The writing process has set one of them aside, and only it knows which."""
    shared.follow(Slot(make(FIXED, name="again")))
    shared.follow(Slot(make(name="other")))
    assert [bool(slot.sandbox.broken) for slot in shared] == [False, True, True, False]
