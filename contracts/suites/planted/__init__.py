"""Faults to plant in the server, one at a time: what the suites are worth is which of them they find."""
