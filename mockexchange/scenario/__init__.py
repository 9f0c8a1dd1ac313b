"""Scenarios: descriptions of an exchange's state before its clock starts, in YAML, JSON, or JSON lines if long."""
