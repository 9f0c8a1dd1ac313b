"""An exchange you own."""

__version__ = "0.1.0"
