"""A small market maker for one market."""
