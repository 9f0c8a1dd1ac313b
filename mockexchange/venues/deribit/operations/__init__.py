"""The emulated operations: what each reads from the core and how it writes its answer."""
