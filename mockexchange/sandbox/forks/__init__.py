"""Forks: makes a new sandbox from a part of a log, or executes a log's commands at their recorded times."""
