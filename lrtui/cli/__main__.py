"""`python -m lrtui.cli` is `lrtui`."""

from lrtui.cli import main

if __name__ == "__main__":
    main()
