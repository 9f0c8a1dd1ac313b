"""The checksums of what a store keeps: of each record of a log, and of each sandbox."""

from zlib import crc32


def checksum(sandbox: int, sequence: int, body: bytes) -> int:
    """Return a checksum of a record's body, sandbox and number, so that a misplaced record is found too."""
    return crc32(body, crc32(b"%d/%d" % (sandbox, sequence)))


def sandbox_checksum(id_: int, name: bytes, header: bytes, description: bytes) -> int:
    """Return a checksum of a sandbox's id, name, header and description."""
    lengths = b"%d/%d/%d" % (id_, len(name), len(header))
    return crc32(description, crc32(header, crc32(name, crc32(lengths))))
