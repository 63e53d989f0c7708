"""Bringing in what other systems hold."""
