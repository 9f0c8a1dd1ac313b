"""Several processes that serve one port: the first one does all that changes or counts, the others answer reads."""
