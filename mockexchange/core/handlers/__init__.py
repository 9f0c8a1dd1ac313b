"""Handlers: each carries out one kind of command on the state and yields the events."""
