"""The operations that are emulated: how each asks the core and writes its answer; `routes` has them all."""
