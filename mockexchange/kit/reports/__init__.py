"""Writes the reports of verifications, in formats for people and for machines."""
