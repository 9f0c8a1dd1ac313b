"""Defines the input of the checks of `mockexchange doctor`, and the findings that they yield."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from mockexchange.runtime.ready_file import NoServer, is_running, read_ready

OK, WARN, FAIL = "ok", "warn", "fail"


class Finding(NamedTuple):
    """The result of a check. `verdict` is ok, warn or fail; `remedy` is empty if none is needed."""

    check: str
    verdict: str
    message: str
    remedy: str = ""


@dataclass(frozen=True)
class CheckContext:
    """The input of the checks: the environment, the ready file, the address of a server, and the given URL and key."""

    environment: Mapping[str, str]
    ready_file: Path
    host: str
    port: int
    url: str | None = None
    key: Path | None = None

    @cached_property
    def server(self) -> dict[str, Any] | None:
        """Return the ready file of the running server; None if no server runs or the file cannot be read."""
        try:
            ready = read_ready(self.ready_file)
        except NoServer:
            return None
        return ready if is_running(ready["pid"]) else None


Check = Callable[[CheckContext], Iterator[Finding]]
