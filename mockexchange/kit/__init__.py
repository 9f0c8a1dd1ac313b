"""Proves that a server, and that a client, keep the documented contract. Needs the extra `kit`."""
