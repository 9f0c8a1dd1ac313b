"""Reading a running server's events, and formatting them as text."""
