"""Our ingest on the broker and the registry of compose.yaml: the bodies that the embedded ones satisfy."""

from __future__ import annotations

import pytest

from tests.streams.ingest.test_foreign import (  # noqa: F401
    test_a_plain_avro_serializer_registers_and_is_understood,
    test_told_twice_it_is_one_fact,
)

pytestmark = [pytest.mark.docker, pytest.mark.slow]
