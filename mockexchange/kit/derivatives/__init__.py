"""What holds of positions in derivatives at any venue that shows them."""
