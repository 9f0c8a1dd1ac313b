"""Kalshi: REST under /trade-api/v2 as of any day from 2025-11-03 on."""
