"""Makes the certificates of a server, and accepts TLS connections on its ports."""
