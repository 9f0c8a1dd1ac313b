"""A sandbox: one mock exchange with its log, clock, keys, script, streams and journal."""
