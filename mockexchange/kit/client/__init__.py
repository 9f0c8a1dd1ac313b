"""`mockexchange verify client`: cards that judge a client by its requests, its frames and its results."""
