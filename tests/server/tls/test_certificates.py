"""Certificates: what strict verifiers look for, one by one, and a handshake with the strictest there is."""

import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store

from mockexchange.server.tls.certificates import Authority
from tests.helpers.rows import each_row

NOW = datetime(2026, 1, 31, 12, 30, 15, 999_999, tzinfo=UTC)
NAMES = ("mock.test", "*.mock.test", "127.0.0.1", "::1")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make(NOW)


def parsed(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def shake_hands(authority: Authority, names: Iterable[str], server_name: str) -> str:
    """Shake hands in memory, after which neither side sends; return the version of TLS. Raises ssl.SSLError."""
    trust = ssl.create_default_context(cadata=authority.certificate_pem)
    trust.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = authority.server_context(names).wrap_bio(up, down, server_side=True)
    client = trust.wrap_bio(down, up, server_hostname=server_name)
    for side in (client, server, client, server):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue
    assert client.selected_alpn_protocol() is None
    assert (up.pending, down.pending) == (0, 0), "a ticket that a client reads while it writes can stop it for good"
    return client.version() or ""


def usage_of(certificate: x509.Certificate) -> set[str]:
    found = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert found.critical
    words = ("digital_signature", "key_cert_sign", "crl_sign", "key_encipherment", "key_agreement", "data_encipherment")
    return {word for word in words if getattr(found.value, word)}


def test_an_authority_signs_and_does_nothing_else(authority: Authority) -> None:
    certificate = parsed(authority.certificate_pem)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value) == (True, x509.BasicConstraints(ca=True, path_length=0))
    assert usage_of(certificate) == {"key_cert_sign", "crl_sign"}
    assert certificate.subject == certificate.issuer
    certificate.verify_directly_issued_by(certificate)


def test_a_certificate_is_a_servers_alone(authority: Authority) -> None:
    certificate = parsed(authority.issue(NAMES, NOW).certificate_pem)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value) == (True, x509.BasicConstraints(ca=False, path_length=None))
    assert usage_of(certificate) == {"digital_signature"}
    usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]
    certificate.verify_directly_issued_by(parsed(authority.certificate_pem))


def test_key_identifiers_lead_from_the_one_to_the_other(authority: Authority) -> None:
    ca, leaf = parsed(authority.certificate_pem), parsed(authority.issue(NAMES, NOW).certificate_pem)
    subject = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    issuer = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert issuer.key_identifier == subject.digest
    own = leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert own.digest != subject.digest


def test_names_are_of_the_right_kinds_and_once(authority: Authority) -> None:
    certificate = parsed(authority.issue([*NAMES, "MOCK.test", "[::1]"], NOW).certificate_pem)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["mock.test", "*.mock.test"]
    assert names.get_values_for_type(x509.IPAddress) == [ip_address("127.0.0.1"), ip_address("::1")]


def test_both_began_a_day_ago_and_last_no_longer_than_browsers_allow(authority: Authority) -> None:
    for pem in (authority.certificate_pem, authority.issue(NAMES, NOW).certificate_pem):
        certificate = parsed(pem)
        starts = certificate.not_valid_before_utc
        assert starts == NOW.replace(microsecond=0) - timedelta(days=1)
        assert certificate.not_valid_after_utc - starts + timedelta(seconds=1) == timedelta(days=397)


def test_keys_are_p256_and_everybodys_own(authority: Authority) -> None:
    one, other = authority.issue(NAMES, NOW), authority.issue(NAMES, NOW)
    key = load_pem_private_key(one.private_key_pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert key.public_key() == parsed(one.certificate_pem).public_key()
    assert one.private_key_pem != other.private_key_pem
    assert parsed(one.certificate_pem).serial_number != parsed(other.certificate_pem).serial_number


def test_two_authorities_are_not_taken_for_each_other(authority: Authority) -> None:
    other = Authority.make(NOW)
    assert parsed(other.certificate_pem).subject != parsed(authority.certificate_pem).subject
    with pytest.raises(ValueError, match="Issuer"):
        parsed(other.issue(NAMES, NOW).certificate_pem).verify_directly_issued_by(parsed(authority.certificate_pem))


def test_a_verifier_by_the_rules_of_the_web_accepts_it(authority: Authority) -> None:
    """cryptography's own, which follows the CA/Browser Forum."""
    policy = PolicyBuilder().store(Store([parsed(authority.certificate_pem)])).time(NOW)
    verifier = policy.build_server_verifier(x509.DNSName("api.mock.test"))
    assert len(verifier.verify(parsed(authority.issue(NAMES, NOW).certificate_pem), [])) == 2


@each_row("name", ["mock.test", "api.mock.test", "127.0.0.1", "::1"])
def test_openssl_at_its_strictest_accepts_it(name: str) -> None:
    assert shake_hands(Authority.make(), NAMES, name) == "TLSv1.3"


@each_row("name", ["other.test", "a.b.mock.test", "127.0.0.2"])
def test_another_name_is_refused(name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="is not valid for"):
        shake_hands(Authority.make(), NAMES, name)


def test_who_trusts_another_run_does_not_trust_this_one() -> None:
    impostor = Authority.make()
    impostor.certificate_pem = Authority.make().certificate_pem
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        shake_hands(impostor, NAMES, "mock.test")


def test_an_identity_knows_its_names(authority: Authority) -> None:
    assert authority.identity(["Mock.test", "mock.test", "::1"]).names == ("mock.test", "::1")


@each_row("names", [["a b"], ["https://mock.test"], []])
def test_what_can_be_no_name_is_refused(authority: Authority, names: list[str]) -> None:
    with pytest.raises(ValueError, match=r"expected (a host name|at least one name)"):
        authority.server_context(names)
