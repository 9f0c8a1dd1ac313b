"""The log of a sandbox: writing commands, applying them, restoring a sandbox, and following another process."""
