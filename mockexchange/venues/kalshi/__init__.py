"""Kalshi: event contracts by REST under /trade-api/v2 and a WebSocket stream, as of any day from 2025-11-03 on."""
