"""WebSocket clients that record a stream, and the rules that hold for the stream of any venue."""
