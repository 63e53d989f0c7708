"""Strimzi resources (`kafka.strimzi.io/v1`) of the topic files: every topic, and for each program a user with least rights."""
