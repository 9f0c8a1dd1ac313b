"""Matching, pure: which bids an incoming order meets, in which order, and whose they are. Nothing is changed here."""
