"""Writes the state of an exchange as JSON for the control API: exact decimals, in no venue's format."""
