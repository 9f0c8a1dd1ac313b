"""Converts recordings of other tools to this package's: HAR, and cassettes of VCR and similar tools."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from mockexchange.importing.recorded_answers import WrongRecording
from mockexchange.named_files import read_file
from mockexchange.recording.har import WrongHar, add_har
from mockexchange.recording.read_errors import reason_of
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.runtime import api_documents

HAR, CASSETTES = ".har", (".yaml", ".yml", ".json")
CASSETTE_BYTES_MAX = 64 * 1024 * 1024
"""The largest cassette in bytes, since it is one YAML value that is read whole."""
Plain = Mapping[str, Any]


@contextmanager
def as_recording(path: Path) -> Iterator[Path]:
    """Yield the path of a recording: `path` itself, or a temporary recording made from a HAR or cassette.

    Temporary recordings are redacted, and removed at the end of the block. Raises WrongRecording and OSError.
    """
    if path.suffix not in (HAR, *CASSETTES):
        yield path
        return
    with TemporaryDirectory(prefix="mockexchange-") as folder:
        whole = Path(folder) / f"{path.stem}.jsonl"
        file = RecordingFile(whole, Redactor(), path.name)
        try:
            _add(path, file)
        except (WrongHar, WrongRecording) as error:
            file.abandon()
            raise WrongRecording(str(error)) from None
        file.finish()
        yield whole


def _add(path: Path, file: RecordingFile) -> None:
    if path.suffix == HAR:
        add_har(path, file)
        return
    for number, interaction in enumerate(_interactions(path), start=1):
        try:
            request, response = interaction["request"], interaction["response"]
            url = urlsplit(str(request["uri"]))
            headers = _headers(response.get("headers"))
            # The instant of an answer: as the cassette has it, by the server's clock, or when the file was written.
            at = interaction.get("recorded_at")
            date = next((value.decode() for name, value in headers if name == b"date"), "")
            try:
                moment = at if isinstance(at, datetime) else parsedate_to_datetime(str(at or date))
            except ValueError:
                moment = _iso(str(at)) if at else datetime.fromtimestamp(path.stat().st_mtime, UTC)
            file.add_request(
                Exchanged(
                    method=str(request["method"]).upper(),
                    target=(url.path or "/") + (f"?{url.query}" if url.query else ""),
                    headers=_headers(request.get("headers")),
                    body=_body(request.get("body")),
                    status=int((response.get("status") or {}).get("code") or response.get("status_code") or 0),
                    answer_headers=headers,
                    answer=_body(response.get("body")),
                    at=round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000_000),
                    latency_us=0,
                    source=f"{url.scheme}://{url.netloc.rpartition('@')[2]}",
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise WrongRecording(f"{path}, interaction {number}: {reason_of(error)}") from None


def _interactions(path: Path) -> Sequence[Plain]:
    try:
        text = read_file(path, CASSETTE_BYTES_MAX).decode("utf-8", "replace")
    except OSError as error:
        raise WrongRecording(f"{path} {error.strerror or error}") from None
    try:
        whole = json.loads(text) if path.suffix == ".json" else api_documents.parse_text(text)
        found = whole.get("interactions") or whole["http_interactions"]
    except Exception as error:  # noqa: BLE001  # YAML has errors of its own, and dates that are none
        raise WrongRecording(f"{path} is no cassette: expected `interactions`: {reason_of(error)}") from None
    if not isinstance(found, list):
        raise WrongRecording(f"{path} is no cassette: expected a list of interactions")
    return found


def _iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _headers(found: Any) -> list[tuple[bytes, bytes]]:
    """Return headers, whose values are texts or lists of them."""
    pairs = [
        (name, one) for name, value in (found or {}).items() for one in (value if isinstance(value, list) else [value])
    ]
    return [
        (str(name).lower().encode("latin-1", "replace"), str(one).encode("latin-1", "replace")) for name, one in pairs
    ]


def _body(found: Any) -> bytes:
    """Return the bytes of a body: text, bytes, or an object with one of them."""
    if isinstance(found, Mapping):
        if "base64_string" in found:
            return base64.b64decode(found["base64_string"])
        found = found.get("string", found.get("text"))
    return found if isinstance(found, bytes) else str(found or "").encode()
