"""Ingest: the one writer of the spine. `python -m streams.ingest` runs one lane."""
