"""Contains the checks of `mockexchange doctor`: one module per subject, one function per check."""
