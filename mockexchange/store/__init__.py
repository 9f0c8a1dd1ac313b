"""Stores the logs of sandboxes. Executing the commands of a log in order rebuilds the state of its sandbox."""
