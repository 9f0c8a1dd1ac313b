"""What checks look at, and what they find."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.runtime.discovery import NoServer, is_running, read_ready

OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
    """`verdict` is ok, warn or fail; `mend` is what to do, empty where nothing is."""

    check: str
    verdict: str
    said: str
    mend: str = ""


@dataclass(frozen=True)
class CheckContext:
    """Where the doctor is: variables, the ready file, where a server is to listen, and what it was asked to look at."""

    environment: Mapping[str, str]
    ready_file: Path
    host: str
    port: int
    url: str | None = None
    key: Path | None = None

    @cached_property
    def server(self) -> dict[str, Any] | None:
        """What the running server said of itself; None where none runs, or its file cannot be read."""
        try:
            ready = read_ready(self.ready_file)
        except NoServer:
            return None
        return ready if is_running(ready["pid"]) else None


Check = Callable[[CheckContext], Iterator[Finding]]
