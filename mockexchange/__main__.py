"""Runs the command line for `python -m mockexchange`."""

from mockexchange.cli import main

if __name__ == "__main__":
    main(prog_name="mockexchange")
