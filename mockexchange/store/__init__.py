"""The ordered log of commands: the truth, of which the exchange's state is the fold."""
