"""The emulated operations: how each one reads the state of the exchange and writes its answer."""
