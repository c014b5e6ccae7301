"""`python -m cairnet` is the command line too."""

from cairnet.cli import main

if __name__ == "__main__":
    main()
