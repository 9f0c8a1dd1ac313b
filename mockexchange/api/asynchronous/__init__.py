"""Defines the Python API as coroutines. `mockexchange.api.synchronous` is generated from these modules."""
