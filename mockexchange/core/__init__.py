"""The exchange itself: pure, synchronous, deterministic. It knows no venue, no socket and no wall clock."""
