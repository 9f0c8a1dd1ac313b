"""Runs a program against a sandbox, with an emulated network, and records the real hosts that it tried to reach."""
