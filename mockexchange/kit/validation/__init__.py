"""Judges requests, answers and frames by the contract documents."""
