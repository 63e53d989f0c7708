"""Facts, minute metrics, alerts, notifications and dead letters into ClickHouse, each exactly once."""
