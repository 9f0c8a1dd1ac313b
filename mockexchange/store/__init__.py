"""The ordered log of commands. Executing the commands of a log in order rebuilds the state of its exchange."""
