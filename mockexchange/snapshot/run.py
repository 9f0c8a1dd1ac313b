"""Takes a snapshot of an account, from its settings to the finished file."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from mockexchange.kit.server.arguments import Address
from mockexchange.kit.server.throttled_transport import throttled_client
from mockexchange.kit.venue import Signer, VenueKit
from mockexchange.recording.recording_file import Exchanged, RecordingFile
from mockexchange.recording.redaction import Redactor
from mockexchange.snapshot.stream import CONNECTION, SentFrame, open_stream
from mockexchange.snapshot.walk import OK, CannotWalk, Walk, Walked


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotSettings:
    """The settings of a snapshot: the account's URLs and key, and how it is read.

    `alias` names the API document that lists the reads, as in "2026-10". `names` are values for parameters, by name.
    """

    venue: VenueKit
    address: Address
    alias: str
    signer: Signer
    rate_per_s: float
    names: Mapping[str, str] = field(default_factory=dict)


class Snapshot(NamedTuple):
    """The result of a snapshot: counts of what the file contains.

    `moved` are lists that changed during each attempt to read them; `refused` are reads that the venue refused.
    """

    counts: Counter[str]
    moved: list[str]
    refused: list[str]


def take_snapshot(settings: SnapshotSettings, out: Path, note: Callable[[str], None] = lambda line: None) -> Snapshot:
    """Read an account and write it as a recording to the file `out`; no file is left if that fails.

    `note` is called with a line about the progress. Raises CannotWalk, OSError and SecretFound.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists: give --out another name")
    address, kit = settings.address, settings.venue
    origin = address.base_url.removesuffix(kit.prefix)
    client, transport = throttled_client(address, kit, rate_per_s=settings.rate_per_s, may_write=False)
    stream = open_stream(kit, settings.alias, address.ws_url, settings.signer, note)
    try:
        with client:
            walked = Walk(kit, settings.alias, origin, client, settings.signer, settings.names, note, stream).run()
    finally:
        transport.close()
        if stream is not None:
            stream.close()
    if not any(answer.status == OK for answer in walked.answers):
        raise CannotWalk(_why_nothing(walked, kit, origin))
    file = RecordingFile(out, Redactor(), origin)
    try:
        # Write the answers and the stream's frames, in the order of their instants.
        lines: list[Exchanged | SentFrame] = [*walked.answers]
        if stream is not None:
            lines += [stream.opened, *stream.frames]
        for line in sorted(lines, key=lambda line: line.at):
            if isinstance(line, Exchanged):
                file.add_request(line)
            else:
                file.add_frame(CONNECTION, line.direction, line.raw, kind=line.kind, at=line.at)
    except BaseException:
        file.abandon()
        raise
    return Snapshot(file.finish(), walked.moved, walked.refused)


def _why_nothing(walked: Walked, kit: VenueKit, origin: str) -> str:
    if not walked.refused:
        return f"the reads of {kit.name} are no GET, and a snapshot sends nothing else: `mockexchange record` a program"
    first = walked.refused[0]
    advice = "does --url have the right host and path?" if first.endswith(" 404") else "check --key-id and --key"
    return f"{origin} answers nothing to this key, such as {first}: {advice}"
