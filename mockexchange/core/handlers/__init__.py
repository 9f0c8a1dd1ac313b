"""Handlers of commands: each carries out one type of command on the state and yields its events."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from mockexchange.core.commands import Command
from mockexchange.core.events import Event
from mockexchange.core.model.state import State

Handler = Callable[[State, Any, int], Iterable[Event]]
AnyHandler = TypeVar("AnyHandler", bound=Handler)

REGISTERED: dict[type[Command], Handler] = {}
OF_DERIVATIVES: dict[type[Command], Handler] = {}
"""The handlers of the commands of derivatives, which `core.derivatives.handlers` wraps."""


def handler(function: AnyHandler) -> AnyHandler:
    """Register a function as the handler of the command that it takes."""
    REGISTERED[function.__annotations__["command"]] = function
    return function


def derivative_handler(function: AnyHandler) -> AnyHandler:
    """Register a function as the handler of the command of derivatives that it takes."""
    OF_DERIVATIVES[function.__annotations__["command"]] = function
    return function
