"""Replaces functions in other modules, and restores them.

A module that is imported already is patched at once, any other after its import. So a program that does not need
asyncio does not import it.
"""

from __future__ import annotations

import sys
from threading import RLock
from typing import Any, Callable, Mapping, NamedTuple  # noqa: UP035  # children of `run` load this with old Pythons

Function = Callable[..., Any]
_MISSING = object()


class _Wrapped(NamedTuple):
    owner: Any
    name: str
    before: object
    wrapper: object


class Patches:
    """Replacements of functions in other modules, which can be undone together.

    `wrappers` maps a module's name to a function that patches it, called with this object and the module.
    """

    def __init__(self, wrappers: Mapping[str, Callable[[Patches, Any], None]]) -> None:
        self._wrappers = wrappers
        self._wrapped: list[_Wrapped] = []
        self._lock = RLock()
        self._is_installed = False

    def install(self) -> None:
        with self._lock:
            self._is_installed = True
            sys.meta_path.insert(0, self)
            for name, wrapper in self._wrappers.items():
                module = sys.modules.get(name)
                if module is not None:
                    wrapper(self, module)

    def undo(self) -> None:
        """Restore all patched functions, except those that other code has wrapped since."""
        with self._lock:
            self._is_installed = False
            sys.meta_path[:] = [finder for finder in sys.meta_path if finder is not self]
            while self._wrapped:
                _put_back(self._wrapped.pop())

    def wrap(self, owner: Any, name: str, make: Callable[[Function], Function]) -> None:
        """Replace the function `name` of `owner` by the result of `make`, which gets the original function.

        Does nothing if `owner` has no such function.
        """
        original = getattr(owner, name, None)
        if original is None:
            return
        wrapper = make(original)
        self._wrapped.append(_Wrapped(owner, name, vars(owner).get(name, _MISSING), wrapper))
        setattr(owner, name, wrapper)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return the import spec of a module that has to be patched, with a loader that patches it once it is loaded.

        Returns None for other modules.
        """
        if name not in self._wrappers:
            return None
        here = sys.meta_path.index(self) if self in sys.meta_path else -1
        found = (finder.find_spec(name, path, target) for finder in sys.meta_path[here + 1 :])
        spec = next((spec for spec in found if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._imported)  # type: ignore[assignment]  # it does what importing asks
        return spec

    def _imported(self, module: Any) -> None:
        with self._lock:
            if self._is_installed:
                self._wrappers[module.__name__](self, module)


def _put_back(wrapped: _Wrapped) -> None:
    owner, name, before, wrapper = wrapped
    if vars(owner).get(name) is not wrapper:
        return
    if before is _MISSING:
        delattr(owner, name)
    else:
        setattr(owner, name, before)


class _Loader:
    """A wrapper around a module's loader that patches the module and then removes itself."""

    def __init__(self, loader: Any, imported: Callable[[Any], None]) -> None:
        self._loader, self._imported = loader, imported

    def create_module(self, spec: Any) -> Any:
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._imported(module)
