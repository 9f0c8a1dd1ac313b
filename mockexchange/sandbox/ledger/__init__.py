"""The state of an exchange as JSON for the control API: exact decimal strings, independent of any venue's format."""
