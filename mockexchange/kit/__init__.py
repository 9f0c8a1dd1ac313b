"""The contract kit: checks of servers and clients against the venues' API documents. It needs the extra `kit`."""
