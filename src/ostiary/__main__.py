"""`python -m ostiary` is the `ostiary` command."""

from ostiary.cli import main

if __name__ == "__main__":
    main()
