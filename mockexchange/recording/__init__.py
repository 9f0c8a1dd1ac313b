"""Recordings of real venues: a proxy that holds no key, redaction before the disk, and files of JSON lines."""
