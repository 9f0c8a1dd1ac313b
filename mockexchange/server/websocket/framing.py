"""Makes the headers of WebSocket frames, and bounds the length of messages."""

FINAL_TEXT = 0x81
MESSAGE_BYTES_MAX = 64 * 1024
"""The longest command, in bytes; a longer one ends the stream with 1009. Documented limits of venues are half of it."""


class Heads(dict[int, bytes]):
    """The headers of unfragmented, unmasked text frames (RFC 6455, section 5.2), by the size of the payload in bytes.

    A header is made when it is first used.
    """

    def __missing__(self, size_bytes: int) -> bytes:
        if size_bytes < 126:
            head = bytes((FINAL_TEXT, size_bytes))
        elif size_bytes < 65_536:
            head = bytes((FINAL_TEXT, 126)) + size_bytes.to_bytes(2, "big")
        else:
            return bytes((FINAL_TEXT, 127)) + size_bytes.to_bytes(8, "big")
        self[size_bytes] = head
        return head


HEADS = Heads()
