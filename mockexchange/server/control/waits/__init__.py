"""The control API of waits: a test waits until a condition, such as a number of requests, is met in a sandbox."""
