"""Alerts to people: mute → group → deduplicate → rate → send → retry → record."""
