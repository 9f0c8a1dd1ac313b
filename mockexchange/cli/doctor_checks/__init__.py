"""The checks of `mockexchange doctor`: a module per subject, a function per check."""
