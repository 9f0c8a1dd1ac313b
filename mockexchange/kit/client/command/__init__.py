"""Tests a client that is a shell command, which runs once for each test card."""
