"""The PostgreSQL store: the logs of the sandboxes of a server in the schema `mockexchange` of a database."""
