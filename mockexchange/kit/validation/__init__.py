"""Compares requests, answers and stream frames with API documents."""
