"""A cluster that somebody else runs, in one folder: three brokers, a registry, a ClickHouse, all behind TLS."""
