"""Imports Kalshi recordings and CSV exports: their rows become steps of a scenario."""
