"""Open streams of a sandbox: connections, their outboxes, and the writes that they begin."""
