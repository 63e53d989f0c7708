"""Kafka to the world: ClickHouse and notifications."""
