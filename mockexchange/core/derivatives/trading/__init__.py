"""Trades of derivatives: the handlers that record them, the parties of a trade, and the trades of a combo's legs."""
