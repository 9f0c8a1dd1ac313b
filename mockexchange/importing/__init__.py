"""Imports: scenarios made from recordings, and reports of recorded answers that a scenario does not reproduce."""
