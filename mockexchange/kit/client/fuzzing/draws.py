"""Makes the random draws of Hypothesis depend on the seed alone.

By default Hypothesis also draws constants that it finds in loaded modules, so that the same seed gives other bodies in
another program.
"""

from typing import Any

from mockexchange.kit.hypothesis_internals import AVAILABLE_PROVIDERS, HypothesisProvider

SAME_EVERYWHERE = "mockexchange"
"""The name of this backend for `hypothesis.settings`."""


class SeededProvider(HypothesisProvider):
    """A source of random values for Hypothesis that draws no constants of loaded modules."""

    def _maybe_draw_constant(self, *args: Any, **options: Any) -> None:
        """Return None: no constant is drawn."""


AVAILABLE_PROVIDERS[SAME_EVERYWHERE] = f"{__name__}.{SeededProvider.__name__}"
