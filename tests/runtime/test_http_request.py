"""One request over HTTP or HTTPS: what comes back, and what is said where nothing does; whom it trusts."""

import ssl
from email.message import Message
from pathlib import Path

import pytest

from mockexchange.runtime.http_request import (
    ControlRefused,
    NotControlApi,
    Reply,
    answer_of,
    connection_to,
    reason_of,
    require_url,
    with_query,
)
from mockexchange.runtime.ready_file import NoServer, RunDirectory, read_ready
from mockexchange.runtime.trust import bundle, client_context, system_roots
from tests.helpers.rows import each_row
from tests.server.secure import secured

OURS = "-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"


def reply(status: int, body: bytes) -> Reply:
    return Reply(status, "", Message(), body)


def test_an_answer_is_its_json() -> None:
    assert answer_of(reply(200, b'{"live": true}')) == {"live": True}
    assert answer_of(reply(204, b"")) is None


@each_row(
    ("body", "said", "parts"),
    [
        (b'{"error": {"code": "bad", "message": "m", "where": "[0]"}}', "[0]: m", ("bad", "m", "[0]")),
        (b'{"error": {"code": "bad", "message": "m"}}', "m", ("bad", "m", "")),
        (b'{"error": {"message": "m", "where": null}}', "m", ("", "m", "")),
    ],
)
def test_an_error_of_the_control_api_has_its_parts(body: bytes, said: str, parts: tuple[str, str, str]) -> None:
    with pytest.raises(ControlRefused) as raised:
        answer_of(reply(404, body))
    refused = raised.value
    assert (str(refused), refused.status) == (said, 404)
    assert (refused.code, refused.message, refused.where) == parts


@each_row("body", [b"<html>", b"[]", b'{"error": "x"}', b'{"error": {}}', b"null"])
def test_anything_else_is_not_the_control_api(body: bytes) -> None:
    with pytest.raises(NotControlApi, match="got status 502"):
        answer_of(reply(502, body))


def test_a_query_is_put_behind_the_path() -> None:
    assert with_query("journal", None) == with_query("journal", {}) == "journal"
    assert with_query("journal", {"last": 3, "operation": "a b"}) == "journal?last=3&operation=a+b"


@each_row("text", ["", "x", "ftp://mock.test", "http://", "https:///path", "//mock.test"])
def test_what_is_no_url_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected a URL such as https://mock\.example\.org, got "):
        require_url(text)
    assert require_url("https://mock.test/x") == "https://mock.test/x"


def test_an_error_without_words_is_named_by_its_kind() -> None:
    assert reason_of(TimeoutError()) == "TimeoutError"
    assert reason_of(OSError("gone")) == "gone"


def test_a_connection_is_of_the_urls_scheme_and_verifies(tmp_path: Path) -> None:
    authority = tmp_path / "ca.crt"
    authority.write_text(secured().authority.certificate_pem)
    assert type(connection_to("http://127.0.0.1:1")).__name__ == "HTTPConnection"
    connection = connection_to("https://127.0.0.1:1", ca_cert=authority)
    assert type(connection).__name__ == "HTTPSConnection"
    trust = client_context(authority)
    assert (trust.verify_mode, trust.check_hostname) == (ssl.CERT_REQUIRED, True)
    ours = ssl.PEM_cert_to_DER_cert(secured().authority.certificate_pem)
    assert ours in trust.get_ca_certs(binary_form=True)
    assert ours not in client_context().get_ca_certs(binary_form=True)


# --- the system's authorities


def test_the_first_file_with_certificates_is_the_systems(tmp_path: Path) -> None:
    missing, empty, good = tmp_path / "missing", tmp_path / "empty", tmp_path / "good"
    empty.write_text("# none")
    good.write_text("# ours\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")
    assert system_roots([str(missing), str(empty), str(good)]) == good.read_text()
    assert bundle(OURS, [str(good)]) == f"{good.read_text()}\n{OURS}"


def test_without_any_file_the_loaded_ones_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        def get_ca_certs(self, *, binary_form: bool) -> list[bytes]:
            assert binary_form
            return [b"\x30\x00"]

    monkeypatch.setattr(ssl, "create_default_context", Store)
    assert system_roots([]) == "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    monkeypatch.setattr(Store, "get_ca_certs", lambda self, *, binary_form: [])
    assert bundle(OURS, []) == OURS


def test_what_the_user_trusts_comes_before_what_the_system_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.crt"
    own.write_text(OURS)
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    assert system_roots() == OURS
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.crt"))
    assert system_roots() != OURS


def test_both_files_of_an_authority_are_their_owners_and_no_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "gone.crt"))
    directory = RunDirectory(tmp_path)
    said = directory.write_authority(OURS)
    assert list(said) == ["ca_cert", "ca_bundle"]
    assert Path(said["ca_cert"]).read_text() == OURS
    assert Path(said["ca_bundle"]).read_text().endswith(OURS)
    assert [Path(path).stat().st_mode & 0o777 for path in said.values()] == [0o600, 0o600]
    assert {Path(path).suffix for path in said.values()} == {".crt"}
    directory.remove()


# --- the ready file


def test_a_missing_ready_file_is_told_from_a_broken_one(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    with pytest.raises(NoServer, match="no server is running: there is no ") as missing:
        read_ready(file)
    file.write_text("{}")
    with pytest.raises(NoServer, match="is no ready file") as broken:
        read_ready(file)
    assert (missing.value.is_missing, broken.value.is_missing) == (True, False)
