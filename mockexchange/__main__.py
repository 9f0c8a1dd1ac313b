"""`python -m mockexchange` is the command line."""

from mockexchange.cli import main

if __name__ == "__main__":
    main(prog_name="mockexchange")
