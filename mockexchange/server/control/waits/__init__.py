"""The part of the control API with which a test waits for a condition in a sandbox, such as a number of requests."""
