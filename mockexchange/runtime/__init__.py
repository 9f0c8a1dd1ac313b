"""Files beside a running server: the ready file, the private keys, trusted certificates and API documents."""
