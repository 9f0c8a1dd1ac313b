"""The operations that are emulated: each reads the state of the exchange and writes its answer."""
