"""The import of Kalshi recordings and CSV exports: rows become steps of a scenario."""
