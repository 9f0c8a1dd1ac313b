"""Defines the arguments and results of the Python API: accounts, journal records, outcomes of steps, and others."""
