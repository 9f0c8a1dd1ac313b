"""Writes commands to the log of a sandbox, applies them, restores a sandbox from it, and follows another writer."""
