"""Reads the positions of the account that a test of a client uses, and searches output for its secrets."""
