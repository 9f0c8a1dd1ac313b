"""Published clients: how each is pointed at an exchange, and how it signs."""
