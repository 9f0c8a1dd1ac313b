"""Contains the parts of the command `serve`: options, inputs, banner and request log."""
