"""The checks of `mockexchange doctor`: a module a subject, a function a check, the table of them in `examining`."""
