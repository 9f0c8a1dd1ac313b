"""Defines the address at which the other servers on a database reach a server."""

from typing import NamedTuple


class Address(NamedTuple):
    """The host and port at which other servers reach a server."""

    host: str
    port: int

    @classmethod
    def read(cls, text: str) -> "Address":
        """Parse HOST:PORT. Raises ValueError."""
        host, colon, port = text.rpartition(":")
        if not (colon and host and port.isdecimal() and 0 < int(port) < 1 << 16):
            raise ValueError(f"expected HOST:PORT, such as mock1:8601, got {text!r}")
        return cls(host.removeprefix("[").removesuffix("]"), int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
