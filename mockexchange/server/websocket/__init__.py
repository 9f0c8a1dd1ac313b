"""WebSocket: the stream endpoint of the venues, its protocol and its transports."""
