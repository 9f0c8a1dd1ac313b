"""The control API of the server itself: what it is, its routes and its events."""
