"""Kafka to Kafka: ingest and the Faust engines."""
