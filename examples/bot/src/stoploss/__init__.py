"""A bot that closes positions which have lost too much."""
