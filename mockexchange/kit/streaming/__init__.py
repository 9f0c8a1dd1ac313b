"""Judging a stream: clients that keep what crossed, rules for any venue, and what one has to say of its own."""
