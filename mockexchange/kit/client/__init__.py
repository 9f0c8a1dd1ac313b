"""`mockexchange verify client`: tests of a client, called cards, by its requests, its frames and its results."""
