"""Strimzi resources of the topic files: every topic, and for each program a user with least rights."""
