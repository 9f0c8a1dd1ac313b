"""The log of a sandbox: commands are written to it, applied, restored and followed."""
