"""Takes snapshots: reads everything of one real account with its API key, and writes the answers as a recording."""
