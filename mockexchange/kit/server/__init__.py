"""`mockexchange verify server`."""
