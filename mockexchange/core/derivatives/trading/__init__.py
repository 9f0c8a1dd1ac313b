"""Trades of derivatives: the handlers, the parties of a trade, the legs of a combo, and the rows in lists."""
