"""Who a Faust worker is to Kafka."""

from __future__ import annotations

from typing import Any

import faust

from sharedchain.endpoints import Endpoints
from sharedchain.tls import trust


def credentials(endpoints: Endpoints) -> Any:
    """Who the worker is to Kafka, in Faust's words; None where nobody asks. Raises ConfigError without a login."""
    said = endpoints.kafka_access
    context = trust(said.ca) if said.security.endswith("SSL") else None
    if not said.security.startswith("SASL"):
        return faust.SSLCredentials(context) if context else None
    login = endpoints.kafka_login()
    return faust.SASLCredentials(
        username=login.user, password=login.password.get_secret_value(),
        ssl_context=context, mechanism=said.mechanism,
    )  # fmt: skip
