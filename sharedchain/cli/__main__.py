"""`python -m sharedchain.cli`: the same as `sharedchain`."""

from sharedchain.cli import main

main()
