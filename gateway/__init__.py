"""The HTTP door: CloudEvents in, alerts, metrics and forecasts out, the signed confirm page."""
