"""`mockexchange verify client`."""
