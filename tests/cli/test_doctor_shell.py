"""What the doctor says of keys, and of where the variables of a shell lead a client."""

import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from mockexchange.cli import doctor_checks
from mockexchange.cli.doctor_checks import FAIL, OK, WARN
from mockexchange.scenario.keys import make_pair
from tests.cli.doctor_machine import EVAL, found, ready, situation
from tests.helpers.rows import each_row

RSA = make_pair("rsa").private_pem or ""
ED25519 = make_pair("ed25519").private_pem or ""


# --- keys


def pem_of(key: Any, password: bytes | None = None, form: PrivateFormat = PrivateFormat.PKCS8) -> str:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    raw: bytes = key.private_bytes(Encoding.PEM, form, encryption)
    return raw.decode()


PLAIN_RSA: Any = load_pem_private_key(RSA.encode(), None)
KEYS = [
    (RSA, OK, "is an RSA key of 2048 bits", ""),
    (pem_of(PLAIN_RSA, form=PrivateFormat.TraditionalOpenSSL), OK, "is an RSA key of 2048 bits", ""),
    (ED25519, OK, "is an Ed25519 key: some clients sign with RSA alone", ""),
    (pem_of(PLAIN_RSA, form=PrivateFormat.OpenSSH), FAIL, "is in OpenSSH's own form", "ssh-keygen -p -m PEM -f x.pem"),
    (pem_of(PLAIN_RSA, b"secret"), FAIL, "is encrypted: ", "openssl pkey -in x.pem -out PLAIN.pem"),
    (pem_of(PLAIN_RSA, b"secret", PrivateFormat.TraditionalOpenSSL), FAIL, "is encrypted: ", "openssl pkey -in x.pem"),
    (make_pair("rsa").public_pem, FAIL, "is the public half of a key", "another file, or mockexchange keys new"),
    ("-----BEGIN CERTIFICATE-----\n", FAIL, "is a certificate, and no key", "another file"),
    (
        pem_of(ec.generate_private_key(ec.SECP256R1())),
        FAIL,
        "is no RSA or Ed25519 key, but EC",
        "mockexchange keys new",
    ),
    (
        pem_of(rsa.generate_private_key(65_537, 1_024)),
        WARN,
        "is an RSA key of 1024 bits: expected 2048",
        "mockexchange",
    ),
    (
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        FAIL,
        "cannot be used: ",
        "mockexchange keys new",
    ),
    (
        "root:x:0:0",
        FAIL,
        "is no PEM text",
        "openssl pkey -inform DER -in x.pem, if it is DER; or mockexchange keys new",
    ),
    ("", FAIL, "is no PEM text", "openssl"),
]


@each_row(("pem", "verdict", "said", "mend"), KEYS, ids=[row[2] for row in KEYS])
def test_keys(pem: str, verdict: str, said: str, mend: str) -> None:
    judged = doctor_checks.judge_key(pem.encode(), "x.pem")
    assert judged[0] == verdict
    assert judged[1].startswith(said)
    assert judged[2].startswith(mend)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_key_that_others_may_read(tmp_path: Path) -> None:
    file = tmp_path / "a.pem"
    file.write_text(RSA)
    file.chmod(stat.S_IRUSR | stat.S_IRGRP)
    environment = {"KALSHI_PRIVATE_KEY_PATH": str(file)}
    good, open_to_all = doctor_checks.check_key_variables(situation(tmp_path, environment))
    assert good.message == f"KALSHI_PRIVATE_KEY_PATH: {file} is an RSA key of 2048 bits"
    assert (open_to_all.verdict, open_to_all.remedy) == (WARN, f"chmod 600 {file}")
    file.chmod(0o600)
    assert found(doctor_checks.check_key_file, situation(tmp_path, key=file)) == [
        (OK, f"--key: {file} is an RSA key of 2048 bits")
    ]
    assert found(doctor_checks.check_key_file, situation(tmp_path)) == []


def test_keys_in_variables_are_never_shown(tmp_path: Path) -> None:
    environment = {"KALSHI_PRIVATE_KEY": RSA, "KALSHI_PY_PRIVATE_KEY_PEM": RSA.replace("\n", "\\n")}
    plain, escaped = doctor_checks.check_key_variables(situation(tmp_path, environment))
    assert plain == ("key", OK, "KALSHI_PRIVATE_KEY is an RSA key of 2048 bits", "")
    assert (escaped.verdict, escaped.remedy) == (WARN, 'export KALSHI_PY_PRIVATE_KEY_PEM="$(cat FILE)"')
    assert RSA.splitlines()[1] not in f"{plain}{escaped}"


def test_a_key_twice_is_too_much(tmp_path: Path) -> None:
    file = tmp_path / "a.pem"
    file.write_text(RSA)
    file.chmod(0o600)
    environment = {"KALSHI_PRIVATE_KEY": RSA, "KALSHI_PRIVATE_KEY_PATH": str(file)}
    assert [one.remedy for one in doctor_checks.check_key_variables(situation(tmp_path, environment))][
        -1
    ] == "unset KALSHI_PRIVATE_KEY"


def test_whose_key_a_key_id_is(tmp_path: Path) -> None:
    environment = {"KALSHI_API_KEY_ID": "k1", "KALSHI_KEY_ID": "k9"}
    assert found(doctor_checks.check_key_id, situation(tmp_path, environment)) == []
    ready(tmp_path)
    known, unknown = doctor_checks.check_key_id(situation(tmp_path, environment))
    assert known == ("key id", OK, "KALSHI_API_KEY_ID is a key of alice", "")
    assert unknown == ("key id", WARN, "KALSHI_KEY_ID is no key of the server's default exchange", EVAL)


# --- where variables lead

TLS_SERVER = {"control_url": "https://127.0.0.1:8600/_mock"}
URLS = [
    ({"KALSHI_API_BASE_URL": "http://127.0.0.1:8600/trade-api/v2"}, {}, OK, "leads to 127.0.0.1:8600", ""),
    ({"KALSHI_API_BASE_URL": "http://localhost:8600/trade-api/v2/"}, {}, OK, "leads to localhost:8600", ""),
    ({"KALSHI_HTTP_BASE_URL": "https://mock.test"}, {}, OK, "leads to mock.test", ""),
    ({"KALSHI_WS_URL": "wss://mock.test/trade-api/ws/v2"}, {}, OK, "leads to mock.test", ""),
    (
        {"KALSHI_API_BASE_URL": "https://api.elections.kalshi.com/trade-api/v2"},
        {},
        WARN,
        "leads to the real exchange, with real money: api.elections.kalshi.com",
        EVAL,
    ),
    ({"KALSHI_BASE_URL": "https://demo-api.kalshi.co/trade-api/v2"}, {}, WARN, "leads to the venue's demo", EVAL),
    ({"DERIBIT_WS_URL": "wss://www.deribit.com/ws/api/v2"}, {}, WARN, "leads to the real exchange", EVAL),
    (
        {"KALSHI_API_BASE_URL": "http://127.0.0.1:8600"},
        {},
        WARN,
        "has the path '/': clients sign and call below '/trade-api/v2'",
        "export KALSHI_API_BASE_URL=http://127.0.0.1:8600/trade-api/v2",
    ),
    (
        {"KALSHI_API_BASE_URL": "http://mock:8600/trade-api/v2"},
        {},
        WARN,
        "is http:// beyond this machine: kalshi-sdk refuses that",
        "mockexchange serve --tls --tls-name mock",
    ),
    ({"KALSHI_API_BASE_URL": "ws://127.0.0.1:1/trade-api/v2"}, {}, FAIL, "begins with http:// or https://", EVAL),
    ({"KALSHI_WS_URL": "http://127.0.0.1:1/x"}, {}, FAIL, "is no URL that begins with ws:// or wss://", EVAL),
    ({"KALSHI_API_BASE_URL": "http://[1"}, {}, FAIL, "is no URL: ", EVAL),
    ({"KALSHI_API_BASE_URL": "http://a:x/trade-api/v2"}, {}, FAIL, "is no URL: ", EVAL),
    (
        {"KALSHI_API_BASE_URL": "http://127.0.0.1:8600/trade-api/v2"},
        TLS_SERVER,
        FAIL,
        "is http://, and the server speaks https",
        EVAL,
    ),
    ({"KALSHI_API_BASE_URL": "https://127.0.0.1:8600/trade-api/v2"}, TLS_SERVER, OK, "leads to 127.0.0.1:8600", ""),
    (
        {"KALSHI_WS_URL": "wss://127.0.0.1:1/trade-api/ws/v2"},
        {"pid": os.getpid()},
        FAIL,
        "the server speaks http",
        EVAL,
    ),
    ({}, {}, WARN, "no variable points a client anywhere", EVAL),
]


@each_row(("environment", "server", "verdict", "said", "mend"), URLS)
def test_where_urls_lead(
    environment: dict[str, str], server: dict[str, Any], verdict: str, said: str, mend: str, tmp_path: Path
) -> None:
    if server:
        ready(tmp_path, **server)
    [one] = doctor_checks.check_urls(situation(tmp_path, environment))
    assert one.verdict == verdict
    assert said in one.message
    assert one.remedy == mend


def test_a_demo_switch_is_told(tmp_path: Path) -> None:
    [one] = doctor_checks.check_demo_switch(situation(tmp_path, {"KALSHI_DEMO": "1"}))
    assert (one.verdict, one.remedy) == (WARN, "unset KALSHI_DEMO")
    assert found(doctor_checks.check_demo_switch, situation(tmp_path)) == []


PROXIED = [
    ({}, OK, "no proxy is set"),
    ({"HTTPS_PROXY": "http://p"}, WARN, "HTTPS_PROXY: clients would ask the proxy for 127.0.0.1 and localhost as well"),
    ({"http_proxy": "http://p", "no_proxy": "a.test, 127.0.0.1"}, WARN, "http_proxy: clients would ask the proxy for "),
    ({"ALL_PROXY": "http://p", "NO_PROXY": "localhost,127.0.0.1"}, OK, "ALL_PROXY: this machine is spared"),
    ({"ALL_PROXY": "http://p", "NO_PROXY": "*"}, OK, "ALL_PROXY: this machine is spared"),
]  # fmt: skip


@each_row(("environment", "verdict", "said"), PROXIED)
def test_proxies(environment: dict[str, str], verdict: str, said: str, tmp_path: Path) -> None:
    [(judged, words)] = found(doctor_checks.check_proxies, situation(tmp_path, environment))
    assert judged == verdict
    assert words.startswith(said)


def test_what_a_proxy_is_to_be_spared_is_added_to_what_it_is_spared_already(tmp_path: Path) -> None:
    environment = {"HTTP_PROXY": "http://p", "NO_PROXY": "a.test"}
    [one] = doctor_checks.check_proxies(situation(tmp_path, environment))
    assert one.remedy == "export NO_PROXY=a.test,127.0.0.1,localhost no_proxy=a.test,127.0.0.1,localhost"


def test_trust(tmp_path: Path) -> None:
    bundle, other = tmp_path / "bundle.crt", tmp_path / "other.crt"
    for file in (bundle, other):
        file.write_text("x")
    gone = {"SSL_CERT_FILE": "/nowhere.crt"}
    assert found(doctor_checks.check_trust, situation(tmp_path)) == []
    [one] = doctor_checks.check_trust(situation(tmp_path, gone))
    assert (one.verdict, one.remedy) == (FAIL, "unset SSL_CERT_FILE")
    ready(tmp_path, ca_bundle=str(bundle))
    [one] = doctor_checks.check_trust(situation(tmp_path, gone))
    assert (one.verdict, one.remedy) == (FAIL, EVAL)
    for environment in ({}, {"SSL_CERT_FILE": str(other)}):
        assert [verdict for verdict, _ in found(doctor_checks.check_trust, situation(tmp_path, environment))] == [WARN]
    assert found(doctor_checks.check_trust, situation(tmp_path, {"SSL_CERT_FILE": str(bundle)})) == [
        (OK, "SSL_CERT_FILE names the server's bundle")
    ]
