"""The part of the control API about the server itself: its version and venues, its readiness, metrics and events."""
