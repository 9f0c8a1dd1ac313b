"""Reads a running server's events, and formats them as text."""
