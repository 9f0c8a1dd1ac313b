"""Records streams with WebSocket clients, and defines rules for the streams of any venue."""
