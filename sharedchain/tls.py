"""Whom we trust on encrypted connections: the authorities of a file, else the system's. Names are always checked."""

from __future__ import annotations

import ssl
from pathlib import Path

from sharedchain.errors import ConfigError


def trust(ca: Path | None) -> ssl.SSLContext:
    """A client's context. Raises ConfigError when the file holds no certificate."""
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"{ca}: no certificate of an authority can be read there ({error}): give PEM"]) from None
