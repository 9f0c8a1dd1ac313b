"""Serves the venues' streams over WebSocket: the endpoint, the protocol, and how frames are written."""
