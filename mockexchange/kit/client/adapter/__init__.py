"""Clients behind an adapter: the process, its tasks, and the rows that it reports."""
