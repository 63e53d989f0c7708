"""A backup of a home that runs: `sharedchain backup`, `sharedchain restore`. Why so: docs/decisions/0009."""
