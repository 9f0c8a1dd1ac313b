"""WebSocket clients that record a stream, and rules for the streams of any venue."""
