"""The files of a running server: the ready file, private keys, trusted certificates and API documents."""
