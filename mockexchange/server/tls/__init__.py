"""TLS: certificates made for a server, and the acceptor of its ports."""
