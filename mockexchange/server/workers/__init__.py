"""Runs several processes that serve one port: the first one executes all writes, the others (readers) answer reads."""
