"""The parameters of each operation, as tables by date."""
