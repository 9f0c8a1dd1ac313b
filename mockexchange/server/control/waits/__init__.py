"""The control API of waits: conditions, the requests that name them, and the waiting."""
