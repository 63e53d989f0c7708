"""Readings into minutes: each once, whatever is killed and whatever a gateway repeats."""
