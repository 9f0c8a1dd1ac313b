"""Searches for the reason why credentials were refused; all venues share this code."""
