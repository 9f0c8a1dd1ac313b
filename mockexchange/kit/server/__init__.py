"""`mockexchange verify server`: rules that compare a server with its API documents."""
