"""Who may call the control API: tokens, roles, the audit file, and secrets that are left out."""
