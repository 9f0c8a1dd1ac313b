"""Forks: a log is opened again up to one of its commands, or played back at the instants of its commands."""
