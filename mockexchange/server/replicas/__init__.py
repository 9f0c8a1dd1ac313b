"""Several servers on one database: the server that writes, called the home, and others that only answer reads."""
