"""SignalPlus's gateway to Deribit: JSON-RPC by POST and over WebSocket, requests signed with a shared secret."""
