"""What is hidden in logs, views and reports, and what is not."""

import subprocess
import sys
from urllib.parse import quote as percent_encoded

from mockexchange.runtime.redaction import HIDDEN, known_secrets, redact, redact_command, redact_values
from mockexchange.scenario.keys import make_pair
from mockexchange.venues.quoting import quote
from tests.helpers.patience import PATIENCE_S
from tests.helpers.rows import each_row
from tests.house.checkout import ROOT

PAIR = make_pair("rsa")
PEM, PUBLIC = PAIR.private_pem or "", "".join(PAIR.public_pem.splitlines()[1:-1])
ED25519_BODY = (make_pair("ed25519").private_pem or "").splitlines()[1]
BODY = "".join(PEM.splitlines()[1:-1])
SECRETS = known_secrets(["c2VjcmV0LXNlY3JldA==", "tok-123456", "ab/cd.ef", "x" * 43, None, "x"], [PEM])
MIDDLE = BODY[200:500]

# a text                                                                   the same without its secrets
HIDDEN_TEXTS = [
    ("GET /auth?client_id=abc&client_secret=hush&x=1", f"GET /auth?client_id=abc&client_secret={HIDDEN}&x=1"),
    ("access_token=1.2.3~x refresh_token=y", f"access_token={HIDDEN} refresh_token={HIDDEN}"),
    ('{"client_secret": "hush", "scope": "read"}', f'{{"client_secret": "{HIDDEN}", "scope": "read"}}'),
    ("AUTHORIZATION: Bearer abcdefgh", f"AUTHORIZATION: Bearer {HIDDEN}"),
    ("basic YWxpY2U6aHVzaA==", f"basic {HIDDEN}"),
    (f"no key {PEM}, known: a", f"no key {HIDDEN}\n, known: a"),
    (f"no key {PEM[:400]}", f"no key {HIDDEN}"),
    (f"no key {BODY}", f"no key {HIDDEN}"),
    ("a tok-123456, b", f"a {HIDDEN}, b"),
    ("/x/tok-123456/y.", HIDDEN + "."),
    ("key c2VjcmV0LXNlY3JldA== and c2VjcmV0LXNlY3JldA%3D%3D", f"key {HIDDEN} and {HIDDEN}"),
    (f"the line {PEM.splitlines()[5]} of a key", f"the line {HIDDEN} of a key"),
    (f"a part {MIDDLE}, b", f"a part {HIDDEN}, b"),
    (f"no key {quote(BODY)}, b", f'no key "{HIDDEN}", b'),
    (f"no key {ED25519_BODY} b", f"no key {HIDDEN} b"),
    (f"GET /a/{percent_encoded('ab/cd.ef', safe='')}?x=1", f"GET {HIDDEN}?x=1"),
    (f"GET /a?x={''.join(f'%{ord(char):02x}' for char in 'tok-123456')}", f"GET /a?x={HIDDEN}"),
    ("unknown path /a/ab/cd.ef", f"unknown path {HIDDEN}"),
    ("got '" + "x" * 40 + "', b", f"got '{HIDDEN}', b"),
]
PLAIN_TEXTS = [
    "GET /trade-api/v2/portfolio/balance?cursor=abc -> 200 GetBalance alice 0.5 ms",
    "KALSHI-ACCESS-KEY: a87955c5-aaaa-7d0a-125a-cc05090c21e9",
    "KALSHI-ACCESS-SIGNATURE: " + "MAbc" * 86,
    '{"secret": null, "token": null}',
    "missing: client_secret",
    "the path /a/ab/cd.fe, ab.cd/ef and tok-1234567",
    f"the public key {PUBLIC}",
]


@each_row(("text", "shown"), HIDDEN_TEXTS, ids=range(len(HIDDEN_TEXTS)))
def test_secrets_are_hidden(text: str, shown: str) -> None:
    found = redact(text, SECRETS)
    assert found.replace("\n", "").rstrip(".") == shown.replace("\n", "").rstrip(".")


@each_row("text", PLAIN_TEXTS)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text, SECRETS) == text


def test_json_keeps_its_form() -> None:
    plain = {"status": 401, "list": ["Bearer abcdefgh", None], "target": "/a?password=x"}
    hidden = {"status": 401, "list": [f"Bearer {HIDDEN}", None], "target": f"/a?password={HIDDEN}"}
    assert redact_values(plain, redact) == hidden


def test_a_command_keeps_its_ordinary_options() -> None:
    command = ["bot", "--api-secret", "hush", "--token=hush", "PASSWORD=hush", "--limit", "5", "-v"]
    shown = ["bot", "--api-secret", HIDDEN, f"--token={HIDDEN}", f"PASSWORD={HIDDEN}", "--limit", "5", "-v"]
    assert redact_command(command) == shown


LONG = """
from tests.runtime.test_redaction import SECRETS, redact

WORDS = ("-----BEGIN PRIVATE KEY", "secret=", "Bearer ", "token: '", "MII", "MIIEvwIBA")
for piece in (*WORDS, "a/b.", "cd/", "x", "%2F"):
    print(piece, flush=True)
    redact(piece * 200_000, SECRETS)
"""


def test_a_long_text_takes_linear_time() -> None:
    """A second for all of them. What grows with the square of the length takes hours, in one call that nothing but the
    end of its process interrupts."""
    subprocess.run([sys.executable, "-c", LONG], cwd=ROOT, check=True, timeout=PATIENCE_S)
