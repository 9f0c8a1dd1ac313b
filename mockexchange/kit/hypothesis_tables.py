"""Keeps Hypothesis' tables of Unicode characters in the user's cache.

By default Hypothesis keeps them below the working directory and computes them again in each one: the table of UTF-8
takes some seconds and 200 MB, although it only contains every character except surrogates.
"""

import gzip
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from hypothesis import configuration

from mockexchange.kit.hypothesis_internals import charmap_file
from mockexchange.runtime.ready_file import runtime_directory

CHOSEN_BY_USER = "HYPOTHESIS_STORAGE_DIRECTORY"
UTF_8 = "codec-v2-utf-8"
"""The name of the table's file, with its format version; Hypothesis ignores a file of another version."""
ENCODABLE = ((0, 0xD7FF), (0xE000, sys.maxunicode))
AMBIGUOUS: tuple[tuple[int, int], ...] = ()


@contextmanager
def cached_tables() -> Iterator[None]:
    """Make Hypothesis keep its tables in the user's cache inside a `with` block.

    An environment variable that names a folder has precedence.
    """
    if not os.environ.get(CHOSEN_BY_USER):
        configuration.set_hypothesis_home_dir(runtime_directory() / "hypothesis")
    try:
        _write_utf_8()
        yield
    finally:
        configuration.set_hypothesis_home_dir(None)


def _write_utf_8() -> None:
    """Write the table of UTF-8 if there is none; a cache that cannot be written is done without."""
    path = charmap_file(UTF_8)
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.write_bytes(gzip.compress(json.dumps([ENCODABLE, AMBIGUOUS]).encode(), mtime=1))
        draft.replace(path)
