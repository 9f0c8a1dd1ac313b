"""SignalPlus, a gateway to Deribit: JSON-RPC by POST and over WebSocket, with requests signed by a shared secret."""
