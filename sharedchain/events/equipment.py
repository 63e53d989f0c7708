"""Equipment, at customers and in stores."""

from __future__ import annotations

from datetime import date

from pydantic import model_validator

from sharedchain.events.base import Event, Location, Part, Rate, Text, missing


class Component(Part):
    component_id: Text
    part_id: str | None = None
    limit_value: Rate | None = None


class Setpoint(Part):
    parameter: Text
    value: Rate
    tolerance: Rate
    unit: str | None = None


class MasterEquipmentUpserted(Event):
    """Equipment was created or changed."""

    equipment_id: Text
    type: Text
    customer_id: str | None = None
    store_id: str | None = None
    location: Location | None = None
    components: tuple[Component, ...] | None = None
    setpoints: tuple[Setpoint, ...] | None = None
    installed_at: date | None = None

    @model_validator(mode="after")
    def _where(self) -> MasterEquipmentUpserted:
        if not (self.customer_id or self.store_id):
            raise missing("customer_id", "equipment stands at a customer_id or in a store_id")
        return self
