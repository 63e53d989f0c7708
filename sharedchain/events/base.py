"""What all event models share: frozen, no unknown fields, exact money, aware timestamps."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

Money = Annotated[Decimal, Field(max_digits=18, decimal_places=2, allow_inf_nan=False)]
Rate = Annotated[Decimal, Field(max_digits=18, decimal_places=4, allow_inf_nan=False)]  # rates and quantities
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]  # said, and not blank


def _from_ms(value: Any) -> Any:
    return _EPOCH + timedelta(milliseconds=value) if type(value) is int else value


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Milliseconds on the wire: microseconds are cut off, and a whole number is read as milliseconds.
Timestamp = Annotated[AwareDatetime, BeforeValidator(_from_ms)]


def wire_name(name: str) -> str:
    """What a field is called outside: `from_` is `from`, which Python keeps for itself."""
    return name.removesuffix("_")


class Part(BaseModel):
    """A record inside an event."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=wire_name, validate_by_name=True, serialize_by_alias=True
    )


class Location(Part):
    lat: Annotated[float, Field(ge=-90, le=90)]
    lon: Annotated[float, Field(ge=-180, le=180)]


class Evidence(Part):
    kind: Text
    ref: str | None = None


class Event(Part):
    """One event as Python says it; its wire form is the Avro record of the same name."""

    def to_avro(self) -> dict[str, Any]:
        """The payload in Avro values: timestamps as int milliseconds, money as Decimal."""
        return {wire_name(name): _avro(value) for name, value in self}


def missing(field: str, text: str) -> PydanticCustomError:
    """What a validator raises when a contract field is absent; becomes Refused(missing_field)."""
    return PydanticCustomError("missing_field", text, {"field": field})


def _avro(value: Any) -> Any:
    if isinstance(value, Part):
        return {wire_name(name): _avro(element) for name, element in value}
    if isinstance(value, tuple):
        return [_avro(element) for element in value]
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime):
        passed = value - _EPOCH
        return (passed.days * 86_400 + passed.seconds) * 1000 + passed.microseconds // 1000
    return value
