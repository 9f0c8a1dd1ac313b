"""Keys of clients: public keys, shared secrets, and pairs that the package makes."""
