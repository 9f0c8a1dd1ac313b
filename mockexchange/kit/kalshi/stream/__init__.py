"""Rules of Kalshi's stream beyond the schemas of its messages; written from its documentation."""
