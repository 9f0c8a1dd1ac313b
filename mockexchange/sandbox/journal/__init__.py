"""The journal of a sandbox, which records its requests and frames, its form as JSON, and counters."""
