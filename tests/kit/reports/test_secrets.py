"""No report holds a secret, in whichever of its texts one came from the wire or from a command."""

from collections.abc import Callable, Sequence

from mockexchange.kit.findings import Finding, Report, Table, Verdict
from mockexchange.kit.reports.destinations import WRITERS
from mockexchange.kit.reports.mock import document_of
from mockexchange.server.control.report_document import write_report
from tests.helpers.rows import each_row

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7" * 4
SECRETS = {
    "PEM": (f"-----BEGIN PRIVATE KEY-----\n{BODY}\n-----END PRIVATE KEY-----", BODY),
    "a key without its lines": (f"got {BODY}", BODY),
    "bearer": ("Authorization: Bearer abcdef1234567890", "abcdef1234567890"),
    "a query": ("GET /public/auth?client_secret=topsecret99&x=1", "topsecret99"),
    "JSON": ('{"access_token": "1582628593469.1MbQ-J_4.CBP-OqOwm"}', "1MbQ-J_4.CBP"),
}
"""Texts, and what must not be left of them."""
KINDS: dict[str, Callable[[Report, Sequence[Table]], bytes]] = {
    **WRITERS,
    "mock": lambda report, tables: write_report(document_of(report, tables, 5)),
}


def full_of(text: str) -> tuple[Report, list[Table]]:
    """Return a report with the text in each of its places."""
    finding = Finding("pages.end", text, text, text, text, text)
    verdicts = [
        Verdict("pages.end", text, (finding,), notes=(finding,), description=text),
        Verdict("pages.end", text, why=text),
        Verdict("pages.end", text),
    ]
    return Report(text, verdicts, cut_short=text), [Table(text, (text,), [(text,)])]


@each_row("kind", KINDS)
@each_row("secret", SECRETS)
def test_no_report_holds_a_secret(kind: str, secret: str) -> None:
    text, hidden = SECRETS[secret]
    written = KINDS[kind](*full_of(text)).decode()
    assert "[secret]" in written
    assert hidden not in written
