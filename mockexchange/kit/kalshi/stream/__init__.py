"""What Kalshi's stream promises, beyond the shape of its messages; written from its documentation."""
