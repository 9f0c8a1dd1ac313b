"""The journal of a sandbox's traffic, its form as JSON, and the counters."""
