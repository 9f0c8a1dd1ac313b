"""What the Python API raises.

MockExchangeError
├── WrongRequest        what was asked for cannot be done: `code`, `message` and, where it helps, `where`
│   ├── WrongArgument       an argument of a call can be none (also a ValueError)
│   ├── UnknownAccount      (also a KeyError)
│   └── UnknownVenue        (also a KeyError)
├── Refused             the exchange refused a step: `code`, `message`
├── TimedOut            something awaited did not come (also an AssertionError)
├── PortInUse           the port is taken
├── Unreachable         no server answers there
├── Unavailable         what was asked for cannot be had here, such as the application of a remote sandbox
└── Closed              used after its end
"""

import copyreg
import json
from collections.abc import Mapping
from typing import Any

ENDED = "this exchange's server has ended: use it inside its `with` block"


class MockExchangeError(Exception):
    """Whatever this package raises on purpose."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Made again without its parts, so that it may be raised in one process and told in another."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # no stub has it


class WrongRequest(MockExchangeError):
    """What was asked for cannot be done; nothing has changed.

    `code` is for programs (`bad_step`, `unknown_sandbox`, `bad_scenario`), `where` the place in what was given.
    """

    def __init__(self, code: str, message: str, where: str | None = None) -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.code, self.message, self.where = code, message, where


class UnknownAccount(WrongRequest, KeyError):
    """The sandbox has no account, or an account no key, of that name."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_account", message)

    __str__ = Exception.__str__
    """A KeyError would show its text in quotes."""


class UnknownVenue(WrongRequest, KeyError):
    """The server speaks for no venue of that name."""

    def __init__(self, message: str) -> None:
        super().__init__("unknown_venue", message)

    __str__ = Exception.__str__


class WrongArgument(WrongRequest, ValueError):
    """An argument of a call can be none; `where` is its name. Nobody was asked."""

    def __init__(self, message: str, where: str) -> None:
        super().__init__("bad_argument", message, where)


class Refused(MockExchangeError):
    """The exchange refused a step, which changed nothing; `code` is for programs, such as `insufficient_cash`."""

    def __init__(self, code: str, message: str, step: Mapping[str, Any]) -> None:
        super().__init__(f"{code}: {message} ({json.dumps(step)})")
        self.code, self.message, self.step = code, message, step


class TimedOut(AssertionError, MockExchangeError):
    """What was awaited did not come in time; the text says what did."""


class PortInUse(MockExchangeError):
    """The port is taken; the message names a free one."""


class Unreachable(MockExchangeError):
    """No server answers there."""


class Unavailable(MockExchangeError):
    """What was asked for cannot be had here."""


class Closed(MockExchangeError):
    """Used after its end."""
