"""Reads the venues' hosts and published clients from the file `guard.json` of each venue.

The file has: `title`; `domains` and `demo_domains`; the names of `production` and `demo` hosts with their sources;
`emulated`, the demo hosts with the sandbox's paths; `recorded`, the demo's origins of REST and of streams; `clients`,
by the package that is imported; and `user_agents`, of clients that are not written in Python.
"""

from __future__ import annotations

import json
import os
from typing import Any  # children of `run` load this with Pythons as old as 3.8

DATA_FILE = "guard.json"
COPY_FILE = "venues.json"
"""The file with the data of all venues, in the copy of this package that guarded programs load."""
HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # pathlib takes longer to import than all this


def read_venues() -> dict[str, dict[str, Any]]:
    """Return the content of each venue's `guard.json`, by the venue's name."""
    copy = os.path.join(HERE, COPY_FILE)  # noqa: PTH118  # see above
    if os.path.exists(copy):  # noqa: PTH110  # see above
        return _read(copy)
    folder = os.path.join(os.path.dirname(HERE), "venues")  # noqa: PTH118, PTH120  # see above
    names = sorted(os.listdir(folder))  # noqa: PTH208  # see above
    found = {name: os.path.join(folder, name, DATA_FILE) for name in names}  # noqa: PTH118  # see above
    return {name: _read(path) for name, path in found.items() if os.path.exists(path)}  # noqa: PTH110  # see above


def _read(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  # see above
        data: dict[str, Any] = json.load(file)
    return data


VENUE_DATA = read_venues()
