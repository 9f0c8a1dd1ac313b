"""What a server may be called."""

import socket

import pytest

from mockexchange.server.tls.certificate_names import names_for, names_of_this_machine, normalised
from tests.helpers.rows import each_row


@each_row(
    ("given", "spelt"),
    [
        ("Mock.Test", "mock.test"),
        ("mock.test.", "mock.test"),
        ("*.mock.test", "*.mock.test"),
        (" 127.0.0.1 ", "127.0.0.1"),
        ("[::1]", "::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("bücher.test", "xn--bcher-kva.test"),
        ("a_b", "a_b"),
    ],
)
def test_names_as_certificates_spell_them(given: str, spelt: str) -> None:
    assert normalised(given) == spelt


@each_row(
    "given",
    ["", " ", "*", "*.", "a..b", "-a", "a b", "https://mock.test", "mock.test:8600", "a.*.b", "1.2.3.4.5", "1.2.3",
     "a" * 64, ".".join(["a" * 50] * 6), "\ud800", "ü" * 300],
)  # fmt: skip
def test_what_can_be_no_name_is_named(given: str) -> None:
    with pytest.raises(ValueError, match="expected a host name such as mock\\.test"):
        normalised(given)


def test_a_machine_whose_name_is_none_has_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Laptop")
    assert names_of_this_machine() == ("localhost", "127.0.0.1", "::1", "laptop")
    monkeypatch.setattr(socket, "gethostname", lambda: "Zoë's laptop")
    assert names_of_this_machine() == ("localhost", "127.0.0.1", "::1")


@each_row(
    ("host", "names", "public_url", "further"),
    [
        ("127.0.0.1", (), None, []),
        ("0.0.0.0", (), None, []),
        ("::", (), None, []),
        ("192.0.2.7", ("mock.test",), None, ["mock.test", "192.0.2.7"]),
        ("localhost", ("a.test", "a.test", "127.0.0.1"), "https://b.test:8600/x", ["a.test", "b.test"]),
        ("what is this", (), None, []),
    ],
)
def test_names_are_this_machine_and_what_users_say(
    host: str, names: tuple[str, ...], public_url: str | None, further: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "laptop")
    assert names_for(host, names, public_url) == ["localhost", "127.0.0.1", "::1", "laptop", *further]
