"""Reads and writes the files of a running server: ready file, private keys, trusted certificates, API documents."""
