"""The contract kit: `verify server`, `verify client` and the self-check. Needs the extra `kit`."""
