"""Runs several servers on one database: one that writes, called the home, and others that only answer reads."""
