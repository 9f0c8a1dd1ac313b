"""Scripts: steps that a sandbox runs at a given time, or when a client does an action."""
