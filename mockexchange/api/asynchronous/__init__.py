"""The Python API as coroutines, written by hand; `mockexchange.api.synchronous` is generated from these modules."""
