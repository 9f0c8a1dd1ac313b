"""Defines the exceptions of the Python API.

MockExchangeError
├── WrongRequest        the request cannot be executed: `code`, `message` and, where it helps, `where`
│   ├── WrongArgument       an argument of a call is not valid (also a ValueError)
│   ├── UnknownAccount      (also a KeyError)
│   └── UnknownVenue        (also a KeyError)
├── Refused             the exchange refused a step: `code`, `message`
├── TimedOut            an awaited event did not come in time (also an AssertionError)
├── PortInUse           the port is taken
├── Unreachable         no server answers at the address
├── Unavailable         the feature is not available here, such as the application of a remote sandbox
└── Closed              the exchange has ended
"""

import copyreg
import json
from collections.abc import Mapping
from typing import Any

ENDED = "this exchange's server has ended: use it inside its `with` block"


class MockExchangeError(Exception):
    """The base class of this package's exceptions."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the exception without its constructor's arguments, so that it can cross processes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # no stub has it


class WrongRequest(MockExchangeError):
    """Raised if a request cannot be executed; nothing has changed.

    `code` is for programs (`bad_step`, `unknown_sandbox`, `bad_scenario`), `where` is the place in the input.
    """

    def __init__(self, code: str, message: str, where: str | None = None) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.code, self.message, self.where = code, message, where


class UnknownAccount(WrongRequest, KeyError):
    """Raised for an account that the sandbox does not have, and for a key that an account does not have."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_account", message)

    __str__ = Exception.__str__
    """Replaces the method of KeyError, which would put the text in quotes."""


class UnknownVenue(WrongRequest, KeyError):
    """Raised for a venue that the server does not have."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_venue", message)

    __str__ = Exception.__str__


class WrongArgument(WrongRequest, ValueError):
    """Raised if an argument of a call is not valid; `where` is its name. No request was sent."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__("bad_argument", message, where)


class Refused(MockExchangeError):
    """Raised if the exchange refuses a step; nothing has changed.

    `code` is for programs, such as `insufficient_cash`.
    """

    def __init__(self, code: str, message: str, step: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {message} ({json.dumps(step)})")
        self.code, self.message, self.step = code, message, step


class TimedOut(AssertionError, MockExchangeError):
    """Raised if an awaited event does not come in time; the message lists what came instead."""


class PortInUse(MockExchangeError):
    """Raised if the port of a server is taken; the message names a free port."""


class Unreachable(MockExchangeError):
    """Raised if no server answers at an address."""


class Unavailable(MockExchangeError):
    """Raised if a feature is not available here, such as the ASGI application of a remote sandbox."""


class Closed(MockExchangeError):
    """Raised by calls to an exchange that has ended."""
