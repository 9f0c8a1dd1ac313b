"""Makes Hypothesis reproducible and cheap to start: draws by the seed alone, and tables in the user's cache.

It is the one place that imports private names of a library, where Hypothesis has no public ones.
`tests/house/test_private_names.py` holds all other modules to public names, and tries these with the version that is
installed.
"""

import gzip
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from hypothesis import configuration
from hypothesis.internal.charmap import charmap_file
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

from mockexchange.runtime.ready_file import runtime_directory

__all__ = ["AVAILABLE_PROVIDERS", "SAME_EVERYWHERE", "cached_tables", "charmap_file"]

SAME_EVERYWHERE = "mockexchange"
"""The name of the backend for `hypothesis.settings` with which the same seed gives the same values everywhere."""
CHOSEN_BY_USER = "HYPOTHESIS_STORAGE_DIRECTORY"
UTF_8 = "codec-v2-utf-8"
"""The name of the table's file, with its format version; Hypothesis ignores a file of another version."""
ENCODABLE = ((0, 0xD7FF), (0xE000, sys.maxunicode))
AMBIGUOUS: tuple[tuple[int, int], ...] = ()


class SeededProvider(HypothesisProvider):
    """A source of random values that draws no constants.

    By default Hypothesis also draws constants that it finds in loaded modules, so that the same seed gives other bodies
    in another program.
    """

    def _maybe_draw_constant(self, *args: Any, **options: Any) -> None:
        """Return None: no constant is drawn."""


AVAILABLE_PROVIDERS[SAME_EVERYWHERE] = f"{__name__}.{SeededProvider.__name__}"


@contextmanager
def cached_tables() -> Iterator[None]:
    """Make Hypothesis keep its tables of Unicode characters in the user's cache inside a `with` block.

    By default it keeps them below the working directory and computes them again in each one: the table of UTF-8 takes
    some seconds and 200 MB, although it only contains every character except surrogates. An environment variable that
    names a folder has precedence.
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
