"""JSON-RPC: what the venues that speak it share."""
