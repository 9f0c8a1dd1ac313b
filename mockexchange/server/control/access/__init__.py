"""Decides who may call the control API: tokens, roles, the audit file, and the secrets that answers leave out."""
