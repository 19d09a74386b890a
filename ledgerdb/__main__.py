"""`python -m ledgerdb`."""

from ledgerdb.cli import main

if __name__ == "__main__":
    main()
