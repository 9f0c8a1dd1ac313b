"""Clients behind a command, which runs once for each card."""
