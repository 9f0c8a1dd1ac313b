"""Points published clients at an exchange by environment variables, and signs requests as they do."""
