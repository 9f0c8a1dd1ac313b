"""Parts of the command `serve`: options, inputs, banner and request log."""
