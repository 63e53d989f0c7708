"""`python -m sharedchain`: the command, for where its script is not on the PATH."""

from sharedchain.cli import main

if __name__ == "__main__":
    main()
