"""Contains the parts of the command `watch`: the live display, its keyboard input and its profit plot."""
