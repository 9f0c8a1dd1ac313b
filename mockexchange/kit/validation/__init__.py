"""Comparison of requests, answers and stream frames with API documents."""
