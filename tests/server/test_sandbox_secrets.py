"""The secrets of sandboxes that come and go, and get further keys."""

import gc

from mockexchange.runtime.redaction import WholeSecrets, redact
from mockexchange.sandbox.sandbox import Sandbox
from mockexchange.server.sandbox_secrets import GONE_MAX, SandboxSecrets
from tests.helpers.sandboxes import make


def line_of(sandbox: Sandbox) -> str:
    """Return a line of a private key of a sandbox."""
    return next(pem for pem in sandbox.private_pems.values() if pem).splitlines()[3]


def test_secrets_of_all_sandboxes_and_the_token_are_known() -> None:
    sandboxes = [make(name="one")]
    secrets = SandboxSecrets(lambda: sandboxes, WholeSecrets(["the-token-of-the-server"]))
    before = secrets.known()
    sandboxes.append(make(name="two"))
    one, two = map(line_of, sandboxes)
    assert redact(f"{one}, {two}, the-token-of-the-server", secrets.known()) == "[secret], [secret], [secret]"
    assert secrets.known() is before, "only the new sandbox is read"


def test_a_key_that_is_added_is_known() -> None:
    sandbox, further = make(name="one"), line_of(make(name="two"))
    secrets = SandboxSecrets(lambda: [sandbox])
    assert redact(further, secrets.known()) == further
    sandbox.private_pems["new"] = f"-----BEGIN PRIVATE KEY-----\n{further}\n-----END PRIVATE KEY-----\n"
    assert redact(further, secrets.known()) == "[secret]"


def test_sandboxes_that_are_gone_are_forgotten() -> None:
    sandboxes = [make(name="0")]
    secrets = SandboxSecrets(lambda: sandboxes)
    first = line_of(sandboxes[0])
    held = []
    for number in range(1, GONE_MAX + 4):
        secrets.known()
        held.append(sandboxes.pop())
        sandboxes.append(make(name=str(number)))
    assert redact(first, secrets.known()) == first
    assert redact(line_of(sandboxes[0]), secrets.known()) == "[secret]"


def test_a_sandbox_in_the_place_of_another_is_read() -> None:
    """The memory of a deleted sandbox is used again, so that its address does not tell one from another."""
    lines = [line_of(make(name=str(number))) for number in range(8)]
    sandboxes: list[Sandbox] = []
    secrets = SandboxSecrets(lambda: sandboxes)
    for line in lines:
        sandboxes.clear()
        gc.collect()
        sandboxes.append(make(name="again"))
        sandboxes[0].private_pems = {"id": f"-----BEGIN PRIVATE KEY-----\n{line}\n-----END PRIVATE KEY-----\n"}
        assert redact(line, secrets.known()) == "[secret]"
