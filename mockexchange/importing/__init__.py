"""Scenarios made of recordings: rows become steps, and what the steps cannot explain is reported."""
