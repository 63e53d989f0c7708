"""The telemetry engine: of very many readings, it tells those worth telling. `python -m streams.telemetry`."""
