"""The ordered log of commands. The state of an exchange is the fold of its log."""
