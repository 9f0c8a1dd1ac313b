"""Scenarios describe the state of an exchange before its clock starts, in YAML, JSON, or, if long, JSON lines."""
