"""Pure functions of matching: which bids an incoming order trades with, and in which order. They change no state."""
