"""Handlers of commands: each carries out one type of command on the state and yields its events."""
