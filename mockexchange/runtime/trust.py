"""Loads the certificate authorities that a TLS client trusts: the system's, and a server's own authority."""

import ssl
from collections.abc import Iterable
from pathlib import Path

from mockexchange.named_files import read_file

ROOT_FILES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  # Fedora, RHEL
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",  # openSUSE
    "/etc/ssl/cert.pem",  # macOS, the BSDs, older Alpine
)
"""Files that hold the system's authorities on common systems, for a Python that was built with another path."""


def client_context(ca_cert: str | Path | None = None) -> ssl.SSLContext:
    """Return a client's TLS context with verification; the certificate file `ca_cert` is trusted too.

    Raises OSError.
    """
    context = ssl.create_default_context()
    if ca_cert is not None:
        context.load_verify_locations(cadata=read_file(ca_cert).decode("ascii", "replace"))
    return context


def bundle(certificate_pem: str, files: Iterable[str] | None = None) -> str:
    """Return a PEM text with the system's authorities and one more certificate.

    Programs read such a file by SSL_CERT_FILE or REQUESTS_CA_BUNDLE, which replace all trusted authorities: with a file
    of one certificate, every other site would be refused.
    """
    roots = system_roots(files)
    return roots + ("" if not roots or roots.endswith("\n") else "\n") + certificate_pem


def system_roots(files: Iterable[str] | None = None) -> str:
    """Return the PEM text of the authorities that this system trusts; "" if they are not found."""
    for path in _candidates() if files is None else files:
        try:
            text = read_file(path).decode("utf-8", "replace")
        except OSError:
            continue
        if "-----BEGIN" in text:
            return text
    loaded = ssl.create_default_context().get_ca_certs(binary_form=True)  # Windows has a store, and no file
    return "".join(map(ssl.DER_cert_to_PEM_cert, loaded))


def _candidates() -> tuple[str, ...]:
    """Return files that may have the system's authorities; SSL_CERT_FILE, which the user trusts now, comes first."""
    own = ssl.get_default_verify_paths().cafile
    return (own, *ROOT_FILES) if own else ROOT_FILES
