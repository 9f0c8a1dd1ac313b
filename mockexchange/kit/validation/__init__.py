"""Compares requests, answers and stream frames with the API documents."""
