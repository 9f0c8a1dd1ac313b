"""The commands, one module for each: `mockexchange NAME` is in `NAME.py`."""
