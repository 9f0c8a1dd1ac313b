"""Query parameters: the type of a row, the rows of each operation, the table of all of them, and their decoding."""
