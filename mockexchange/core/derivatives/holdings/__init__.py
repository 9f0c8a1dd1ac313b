"""Positions in derivatives (holdings): how they change, what they are worth, and how they are read."""
