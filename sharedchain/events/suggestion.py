"""What actions of rules suggest; nobody else publishes these."""

from __future__ import annotations

from sharedchain.events.base import Event, Part, Rate, Text, Timestamp


class EquipmentFailurePredicted(Event):
    """A failure of equipment is predicted."""

    equipment_id: Text
    component_id: Text
    wear: Rate | None = None
    slope_per_day: Rate | None = None
    rul_days: Rate
    limit_at: Timestamp | None = None
    window_n: int | None = None
    degraded: bool | None = None
    alert_id: str | None = None


class EquipmentCommandIssued(Event):
    """A command to equipment is suggested."""

    command_id: Text
    equipment_id: Text
    parameter: Text
    setpoint: Rate | None = None
    unit: str | None = None
    cause: str | None = None
    alert_id: str | None = None


class ServiceWorkorderCreated(Event):
    """A work order is suggested."""

    workorder_id: Text
    equipment_id: Text
    component_id: str | None = None
    kind: str | None = None
    part_id: str | None = None
    store_id: str | None = None
    customer_id: str | None = None
    due_at: Timestamp | None = None
    priority: str | None = None
    alert_id: str | None = None


class Candidate(Part):
    id: Text
    skill: bool | None = None
    free: bool | None = None
    km: Rate | None = None
    reason: str | None = None


class ServiceWorkorderAssigned(Event):
    """An engineer is suggested for a work order."""

    workorder_id: Text
    engineer_id: Text
    distance_km: Rate | None = None
    candidates: tuple[Candidate, ...] | None = None


class SparepartShipmentRequested(Event):
    """A spare part is to be sent."""

    part_id: Text
    workorder_id: Text
    site: str | None = None
    to_store: str | None = None
    qty: Rate | None = None
    need_by: Timestamp | None = None
    alert_id: str | None = None


class SensorGapDetected(Event):
    """A sensor is silent."""

    equipment_id: Text
    metric: Text
    expected_every_s: Rate | None = None
    silent_for_s: Rate | None = None
    alert_id: str | None = None


class SensorOutlierDetected(Event):
    """A reading is an outlier."""

    equipment_id: Text
    metric: Text
    value: Rate | None = None
    mean: Rate | None = None
    sigma: Rate | None = None
    alert_id: str | None = None


class ProcurementRequisitionCreated(Event):
    """A requisition is suggested."""

    requisition_id: Text
    part_id: str | None = None
    product_id: str | None = None
    site: str | None = None
    supplier_id: str | None = None
    qty: Rate
    alert_id: str | None = None


class ProcurementExceptionRaised(Event):
    """An exception of a purchase order."""

    po_id: Text
    kind: Text
    item: str | None = None
    deviation: Rate | None = None
    alert_id: str | None = None


class QualityWarningRaised(Event):
    """A quality warning."""

    lot: Text
    supplier_id: str | None = None
    order_ids: tuple[str, ...] | None = None
    defect_rate: Rate | None = None
    limit: Rate | None = None
    alert_id: str | None = None


class InventoryReplenishmentProposed(Event):
    """A replenishment is proposed."""

    sku: Text
    site: Text
    qty: Rate | None = None
    cover_days: Rate | None = None
    alert_id: str | None = None


class MemberStageChanged(Event):
    """The stage of a member changed."""

    member_id: Text
    from_: str | None = None
    to: Text
    store_id: str | None = None
    rule_id: str | None = None


class RndFeedbackDelivered(Event):
    """A voice of a customer reached R&D."""

    voice_id: Text
    theme: Text
    customer_id: str | None = None
    product_id: str | None = None
    text: str | None = None


class RndRequirementProposed(Event):
    """A requirement is proposed to R&D."""

    theme: Text
    count: int
    voice_id: str | None = None
    product_id: str | None = None
    alert_id: str | None = None


class RetentionPlanProposed(Event):
    """A plan to keep a customer is proposed."""

    customer_id: Text
    probability: Rate | None = None
    actions: Text
    owner_id: str | None = None
    reason: str | None = None
    alert_id: str | None = None


class DataConflictDetected(Event):
    """Systems say different things about one key."""

    metric: Text
    key: Text
    spread: Rate | None = None
    unit: str | None = None
    alert_id: str | None = None


class ModelRollbackProposed(Event):
    """A model is to go back to observing."""

    model_id: Text
    version: str | None = None
    accuracy: Rate | None = None
    owner_id: str | None = None
    alert_id: str | None = None
