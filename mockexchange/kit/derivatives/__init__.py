"""Rules of derivative positions that hold at any venue."""
