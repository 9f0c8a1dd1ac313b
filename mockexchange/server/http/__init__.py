"""HTTP: listeners, the protocols of uvicorn, and the REST endpoint of the venues."""
