"""Files that a running server writes or reads: the ready file, private keys, trusted certificates and API documents."""
