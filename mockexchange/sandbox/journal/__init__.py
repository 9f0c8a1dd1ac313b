"""The journal of a sandbox: it records requests and frames, writes them as JSON, and counts them."""
