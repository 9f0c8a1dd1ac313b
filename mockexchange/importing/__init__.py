"""Makes scenarios from recordings, and reports the recorded answers that a scenario does not reproduce."""
