"""Handlers of commands: each carries out one kind of command on the state and yields its events."""
