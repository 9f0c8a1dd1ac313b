"""Tests a client with cards, by its requests, its frames and its results: `mockexchange verify client`."""
