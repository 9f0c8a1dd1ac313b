"""`mockexchange verify server`: rules that judge a server by its API documents."""
