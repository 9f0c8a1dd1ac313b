"""Starts the guard in a Python program under `mockexchange run`, then runs the user's own `sitecustomize`.

It is the `sitecustomize` of that program. It runs in any version of Python, so it imports little, and no error in it
stops the program.
"""

import os
import sys
from importlib import import_module

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # pathlib takes longer to import than all this


def _guard() -> None:
    try:
        import_module("_mockexchange_guard.child").begin()  # the copy beside it
    except Exception as error:  # noqa: BLE001  # the child goes on after any error
        sys.stderr.write(f"mockexchange run: this Python is not guarded: {error!r}\n")


def _own() -> None:
    """Run the `sitecustomize` that this one hides, if there is one."""
    from importlib.machinery import PathFinder  # noqa: PLC0415  # see above
    from importlib.util import module_from_spec  # noqa: PLC0415  # see above

    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != HERE]  # noqa: PTH100  # see above
    spec = PathFinder.find_spec("sitecustomize")
    if spec is not None and spec.loader is not None:
        sys.modules["sitecustomize"] = module = module_from_spec(spec)
        spec.loader.exec_module(module)


if __name__ == "sitecustomize":  # the copy, not this
    _guard()
    _own()
