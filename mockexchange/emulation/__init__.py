"""Runs a program against a sandbox, with an emulated network, and records which real hosts it tried to reach."""
