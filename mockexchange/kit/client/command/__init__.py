"""Clients that are a command, which runs once for each test card."""
