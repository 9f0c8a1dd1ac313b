"""The keys of clients: public keys, shared secrets, and key pairs that the package generates."""
