"""Runs the script of a sandbox: steps at a given time, or when a client does an action."""
