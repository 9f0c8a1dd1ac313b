"""Deribit: futures, perpetuals and options by JSON-RPC, over HTTP and as a stream."""
