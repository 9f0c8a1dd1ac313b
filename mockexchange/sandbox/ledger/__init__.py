"""The state of an exchange as plain JSON for the control API: exact decimal strings, in our own words."""
