"""`explain`: one signature, one key, no server."""

import hmac
import json
from base64 import b64encode
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockexchange.cli import main
from mockexchange.clients.request_signers import UnsignedRequest, sign
from mockexchange.scenario.keys import make_pair
from mockexchange.venues.kalshi.request_signer import signed_headers
from mockexchange.venues.keys.development_keys import KeyPair
from tests.cli.conftest import AtTerminal
from tests.helpers.rows import each_row

PATH = "/trade-api/v2/portfolio/positions"
TIMESTAMP_MS = 1_762_300_000_123


@pytest.fixture(scope="module")
def pair() -> KeyPair:
    return make_pair("ed25519")


def explain(folder: Path, pem: str, signature: str, *more: str) -> Result:
    key = folder / "key.pem"
    key.write_text(pem)
    sent = ["--method", "GET", "--path", PATH, "--timestamp", str(TIMESTAMP_MS), "--signature", signature]
    return CliRunner().invoke(main, ["explain", *sent, "--key", str(key), *more], prog_name="mockexchange")


def signature_of(pair: KeyPair, path: str) -> str:
    return signed_headers("id", pair.private_pem or "", "GET", path, TIMESTAMP_MS)["KALSHI-ACCESS-SIGNATURE"]


@pytest.mark.parametrize("half", ["public_pem", "private_pem"])
def test_a_right_signature_verifies(half: str, pair: KeyPair, tmp_path: Path) -> None:
    result = explain(tmp_path, getattr(pair, half), signature_of(pair, PATH))
    assert (result.exit_code, result.output) == (0, "verifies\n")


def test_programs_get_json(pair: KeyPair, tmp_path: Path) -> None:
    result = explain(tmp_path, pair.public_pem, signature_of(pair, PATH), "--json")
    assert json.loads(result.output) == {"verifies": True, "explanation": "verifies"}
    result = explain(tmp_path, pair.public_pem, signature_of(pair, f"{PATH}?limit=2"), "--json")
    assert (json.loads(result.output)["verifies"], result.exit_code) == (False, 1)


def test_a_wrong_one_says_what_to_change(pair: KeyPair, tmp_path: Path) -> None:
    result = explain(tmp_path, pair.public_pem, signature_of(pair, f"{PATH}?limit=2"), "--query", "limit=2")
    assert result.exit_code == 1
    assert f'you signed "{PATH}?limit=2"' in result.output


def test_a_signature_that_begins_with_a_dash_is_taken(pair: KeyPair, tmp_path: Path) -> None:
    result = explain(tmp_path, pair.public_pem, "-_x")
    assert (result.exit_code, result.stderr) == (1, "")


@each_row("pem", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_a_file_without_a_key_is_a_misuse(pem: str, tmp_path: Path) -> None:
    result = explain(tmp_path, pem, "AAAA")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"mockexchange explain: --key {tmp_path / 'key.pem'}: the key cannot be used: ")
    assert len(result.stderr.splitlines()) == 1


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    result = explain(tmp_path, "", "AAAA", "--key", str(tmp_path / "gone.pem"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        f"mockexchange explain: --key: {tmp_path / 'gone.pem'} cannot be read: No such file or directory\n"
    )
    (tmp_path / "der").write_bytes(b"\x30\xff")
    result = explain(tmp_path, "", "AAAA", "--key", str(tmp_path / "der"))
    assert result.stderr == f"mockexchange explain: --key: {tmp_path / 'der'} is no PEM file: it is not text\n"


# --- Deribit


SECRET = "AMANDASECRECT"
TARGET = "/api/v2/private/get_positions?currency=BTC"


def explain_deribit(path: str, authorization: str, *more: str) -> Result:
    sent = ["--venue", "deribit", "--method", "get", "--path", path, "--authorization", authorization]
    return CliRunner().invoke(main, ["explain", *sent, "--secret", SECRET, *more], prog_name="mockexchange")


def authorization_of(target: str) -> str:
    credential = {"key_id": "AMANDA", "secret": SECRET}
    return sign("deribit", credential, UnsignedRequest("GET", target))["Authorization"]


@each_row("path", [TARGET, f"https://test.deribit.com{TARGET}"])
def test_a_right_header_verifies(path: str) -> None:
    result = explain_deribit(path, authorization_of(TARGET))
    assert (result.exit_code, result.output) == (0, "verifies\n")


def test_a_query_may_stand_apart() -> None:
    path, _, query = TARGET.partition("?")
    assert explain_deribit(path, authorization_of(TARGET), "--query", query).exit_code == 0


def test_a_wrong_header_says_what_to_change() -> None:
    result = explain_deribit(TARGET, authorization_of(TARGET.partition("?")[0]))
    assert result.exit_code == 1
    assert "?currency=BTC" in result.output


def header_over(target: str, timestamp: str = "1762300000123") -> str:
    text = f"{timestamp}\nonce\nGET\n{target}\n\n"
    signature = hmac.digest(SECRET.encode(), text.encode(), "sha256").hex()
    return f"deri-hmac-sha256 id=AMANDA,ts={timestamp},sig={signature},nonce=once"


@each_row(
    ("path", "authorization", "words"),
    [
        (
            TARGET,
            header_over(TARGET, "1762300000"),
            'the signature fits, and the timestamp "1762300000" is not Unix milliseconds in 13 digits',
        ),
        (
            f"http://127.0.0.1:8080{TARGET}",
            header_over(f"http://127.0.0.1:8080{TARGET}"),
            'sign path and query alone, without "http://127.0.0.1:8080"',
        ),
        (TARGET, "Basic abc", 'the header begins with "basic": deri-hmac-sha256 alone is signed, expected that'),
    ],
    ids=["seconds", "a URL", "Basic"],
)
def test_a_header_is_told_what_the_server_would_refuse(path: str, authorization: str, words: str) -> None:
    result = explain_deribit(path, authorization)
    assert (result.exit_code, words in result.output) == (1, True), result.output


@each_row(
    ("arguments", "missing"),
    [([], "--timestamp, --signature, --key"), (["--venue", "deribit"], "--authorization, --secret")],
)
def test_what_a_venue_signs_with_has_to_be_there(arguments: list[str], missing: str) -> None:
    result = CliRunner().invoke(
        main, ["explain", "--method", "GET", "--path", "/", *arguments], prog_name="mockexchange"
    )
    venue = "deribit" if arguments else "kalshi"
    assert result.exit_code == 2
    assert result.stderr == (
        f"mockexchange explain: expected also {missing}: no signature of {venue} can be explained without\n"
    )


def test_method_and_path_are_needed_where_they_are_signed() -> None:
    result = CliRunner().invoke(main, ["explain", "--venue", "deribit"], prog_name="mockexchange")
    assert "expected also --method, --path, --authorization, --secret" in result.stderr


# --- SignalPlus


NONCE_SECRET = "c2VjcmV0"


def explain_signalplus(signature: str, timestamp: str, secret: str = NONCE_SECRET) -> Result:
    sent = ["--venue", "signalplus", "--timestamp", timestamp, "--nonce", "once", "--signature", signature]
    return CliRunner().invoke(main, ["explain", *sent, "--secret", secret], prog_name="mockexchange")


def nonce_signature(text: str, secret: bytes = b"secret") -> str:
    return b64encode(hmac.digest(secret, text.encode(), "sha256")).decode()


@each_row(
    ("signature", "timestamp", "code", "words"),
    [
        (nonce_signature("1762300000123\nonce"), "1762300000123", 0, "verifies\n"),
        (nonce_signature("1762300000\nonce"), "1762300000", 1, "is not Unix milliseconds in 13 digits"),
        (nonce_signature("1762300000123once"), "1762300000123", 1, 'you signed "1762300000123once"'),
        (nonce_signature("1762300000123\nonce", b"c2VjcmV0"), "1762300000123", 1, "base64"),
    ],
    ids=["right", "seconds", "no newline", "the secret as text"],
)
def test_a_signature_over_a_nonce(signature: str, timestamp: str, code: int, words: str) -> None:
    result = explain_signalplus(signature, timestamp)
    assert (result.exit_code, words in result.output) == (code, True), result.output


def test_a_secret_that_is_no_base64_is_a_misuse() -> None:
    result = explain_signalplus("AAAA", "1762300000123", "???")
    assert result.exit_code == 2
    assert "--secret: the key cannot be used: expected standard base64" in result.stderr


def test_the_explanation_fits_a_terminal(at_terminal: AtTerminal, pair: KeyPair, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(pair.public_pem)
    sent = ["--method", "GET", "--path", PATH, "--timestamp", "1", "--signature", "kNIY2cyk62"]
    lines = at_terminal(80, "explain", *sent, "--key", str(tmp_path / "key.pem"), code=1).splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("  ") for line in lines[1:])
