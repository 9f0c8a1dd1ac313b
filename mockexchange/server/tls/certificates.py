"""Makes server certificates, signed by an authority that lives as long as the process.

The authority's private key is only in memory and is lost with the process: trust in its certificate covers this one
run, and no other certificate can be signed later.

The extensions satisfy strict verifiers (RFC 5280; OpenSSL's X509_V_FLAG_X509_STRICT, which Python uses since 3.13; Go;
Node; Apple): a critical basicConstraints and keyUsage, key identifiers on both, serverAuth, names only as
subjectAltName, a validity of at most 398 days.
"""

import ipaddress
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mockexchange.server.tls.acceptor import Identity
from mockexchange.server.tls.certificate_names import normalised

VALID_BEFORE = timedelta(days=1)
"""The time before now from which a certificate is valid, for clients whose clock is late."""
VALID = timedelta(days=397)
"""The validity of a certificate: a day less than the 398 days that Apple accepts, as verifiers count differently."""
TITLE_CHARS_MAX = 64
"""The longest common name that X.520 allows."""

Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key, each as PEM text."""

    certificate_pem: str
    private_key_pem: str


class Authority:
    """An authority that signs certificates of servers, created by `make`. Clients have to trust `certificate_pem`."""

    def __init__(self, certificate: x509.Certificate, key: Key) -> None:
        self._certificate, self._key = certificate, key
        self.certificate_pem = _pem(certificate)

    @classmethod
    def make(cls, now: datetime | None = None) -> "Authority":
        """Make a new authority, valid from a day before `now` (an aware datetime)."""
        key = _new_key()
        # Clients that trust two authorities of the same name would confuse them.
        title = f"mockexchange {x509.random_serial_number():x}"[:TITLE_CHARS_MAX]
        name = _name(title)
        builder = _builder(name, name, key, now or datetime.now(UTC)).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    def issue(self, names: Iterable[str], now: datetime | None = None) -> Certificate:
        """Return a certificate for a server with these names and addresses. Raises ValueError if one is neither."""
        key = _new_key()
        wanted = [_general_name(name) for name in dict.fromkeys(map(normalised, names))]
        if not wanted:
            raise ValueError("expected at least one name for a certificate")
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = _builder(_name("mockexchange"), self._certificate.subject, key, now or datetime.now(UTC))
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        builder = builder.add_extension(identifier, critical=False)
        builder = builder.add_extension(x509.SubjectAlternativeName(wanted), critical=False)
        private_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
        return Certificate(_pem(builder.sign(self._key, hashes.SHA256())), private_pem)

    def identity(self, names: Iterable[str]) -> Identity:
        """Return a new TLS context and certificate for a server with these names.

        Raises ValueError on invalid names.
        """
        known = tuple(dict.fromkeys(map(normalised, names)))
        return Identity(known, self.server_context(known))

    def server_context(self, names: Iterable[str]) -> ssl.SSLContext:
        """Return a TLS context for a server with these names, with a new certificate.

        Raises ValueError on invalid names.
        """
        return context_of(self.issue(names))


def context_of(certificate: Certificate) -> ssl.SSLContext:
    """Return the TLS context of a server with this certificate: TLS 1.2 and 1.3, HTTP/1.1 only.

    It sends no session tickets. In TLS 1.3 they follow the handshake, and a Python client that reads and writes in two
    threads (`websockets.sync`) hangs now and then if it reads one while it writes: OpenSSL shares one state machine.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    with tempfile.TemporaryDirectory(prefix="mockexchange-") as directory:  # of mode 0700: ssl reads only files
        chain = Path(directory, "chain.pem")
        chain.write_text(certificate.private_key_pem + certificate.certificate_pem, encoding="ascii")
        context.load_cert_chain(chain)
    return context


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _new_key() -> Key:
    """Return a new P-256 key: every client can verify it, and it takes a fraction of a millisecond."""
    return ec.generate_private_key(ec.SECP256R1())


def _builder(subject: x509.Name, issuer: x509.Name, key: Key, now: datetime) -> x509.CertificateBuilder:
    starts = now.replace(microsecond=0) - VALID_BEFORE
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts)
        .not_valid_after(starts + VALID - timedelta(seconds=1))  # both ends count
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(title: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode("ascii")
