"""Scripts: what happens in a sandbox at a given time, or when a client does something."""
