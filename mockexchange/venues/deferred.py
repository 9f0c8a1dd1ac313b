"""Functions of a venue that are imported when they are first called.

Most processes use one venue, and need no more of the others than their names: the code of a venue takes a while to
import.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any


class DeferredFunction:
    """A function of a module that is imported at the first call."""

    __slots__ = ("_loaded", "_module", "_name")

    def __init__(self, package: str, path: str) -> None:
        """Name the function by its package and the path below it, such as "rest.answer"."""
        module, _, self._name = path.rpartition(".")
        self._module = f"{package}.{module}"
        self._loaded: ModuleType | None = None

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        module = self._loaded or self._load()
        return getattr(module, self._name)(*arguments, **named)

    def resolve(self) -> Callable[..., Any]:
        """Return the function itself."""
        function: Callable[..., Any] = getattr(self._loaded or self._load(), self._name)
        return function

    def _load(self) -> ModuleType:
        self._loaded = import_module(self._module)
        return self._loaded


def functions_of(package: str) -> Callable[[str], Callable[..., Any]]:
    """Return a function that returns the deferred functions of a package by their paths, such as "rest.answer"."""
    return partial(DeferredFunction, package)
