"""Scenarios: what an exchange is before its clock starts. YAML, JSON, or JSON lines for long histories."""
