"""Generated response bodies for a client, and the fixtures of those that it fails at."""
