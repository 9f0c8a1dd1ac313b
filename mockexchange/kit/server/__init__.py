"""Compares a server with its API documents by rules: `mockexchange verify server`."""
