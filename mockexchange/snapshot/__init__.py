"""Snapshots: one account of a server, read with its key and written as a recording."""
