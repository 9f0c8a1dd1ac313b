"""Defines the parameters of each operation for each API date."""
