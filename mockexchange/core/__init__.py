"""The simulated exchange as pure, synchronous, deterministic code. It knows no venue, no socket and no wall clock."""
