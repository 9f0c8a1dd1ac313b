"""A sandbox: one exchange with its log, clock, keys, script, streams and journal."""
