"""Drift: what a recording has that the wire of an API date has not, grouped, with counts and days."""
