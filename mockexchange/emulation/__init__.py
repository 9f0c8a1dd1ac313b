"""Runs of a program against a sandbox: its environment, its emulated network, and the hosts that it tried to reach."""
