"""The PostgreSQL store: keeps the logs of a server's sandboxes in the schema `mockexchange` of a database."""
