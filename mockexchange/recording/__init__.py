"""Records real venues: a proxy without keys, redaction before anything is written, and files of JSON lines."""
