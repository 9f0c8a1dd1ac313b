"""Parts of the command `watch`: the live display, its keys and its plot."""
