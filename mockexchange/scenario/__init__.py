"""Reads scenarios: YAML, JSON or JSON lines files that describe an exchange before its clock starts."""
