"""Talks to a venue's stream, and judges what it says."""
