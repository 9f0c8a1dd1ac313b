"""Decides which callers may use the control API, by tokens and roles, and which secrets its answers leave out."""
