"""The names inside Hypothesis that have no public counterpart: the one place that imports private names of a library.

`tests/house/test_private_names.py` holds all other modules to public names, and tries these with the version that is
installed.
"""

from hypothesis.internal.charmap import charmap_file
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

__all__ = ["AVAILABLE_PROVIDERS", "HypothesisProvider", "charmap_file"]
