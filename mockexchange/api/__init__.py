"""The Python API: an exchange to use in programs and tests, whose calls all go through the control API."""
