"""One model per event type; `lead.captured` is `LeadCaptured` (the rule: schemas.class_name)."""

from sharedchain.events.alert import AlertEscalated, AlertRaised, AlertResolved, Delivery
from sharedchain.events.base import Event, Evidence, Location
from sharedchain.events.case import CaseClosed, CaseNodeCompleted, CaseNodeStarted, CaseOpened
from sharedchain.events.clock import ClockTicked
from sharedchain.events.config import ConfigDefined
from sharedchain.events.contract import ContractApproved, ContractCreated
from sharedchain.events.customer import Contact, Decider, MasterCustomerUpserted, OrgUnit
from sharedchain.events.employee import Channels, MasterEmployeeUpserted
from sharedchain.events.equipment import Component, MasterEquipmentUpserted, Setpoint
from sharedchain.events.forecast import ForecastLine, ForecastPublished
from sharedchain.events.forecast_live import (
    ForecastLineCleared,
    ForecastLineUnsupported,
    ForecastLiveUpdated,
    ForecastRefreshRequested,
)
from sharedchain.events.gap import RecordIncomplete
from sharedchain.events.lead import LeadCaptured, LeadContactLogged, LeadConverted, LeadDisqualified
from sharedchain.events.metric import MetricCorrected, MetricMinuteComputed
from sharedchain.events.notification import LightChanged, NotificationFailed, NotificationSent
from sharedchain.events.opportunity import (
    OpportunityAmountChanged,
    OpportunityCreated,
    OpportunityLost,
    OpportunityOpened,
    OpportunitySigned,
    OpportunityStageChanged,
    PaymentTerm,
)
from sharedchain.events.org import MasterOrgUpserted
from sharedchain.events.product import MasterProductUpserted
from sharedchain.events.project import ProjectCreated, ProjectRiskChanged
from sharedchain.events.reading import SensorReading
from sharedchain.events.receivable import (
    AllocatedPart,
    Instalment,
    PaymentAllocated,
    PaymentReceived,
    ReceivableCreated,
    ReceivableOverdue,
    ReceivableSettled,
)
from sharedchain.events.rejected import RecordRejected
from sharedchain.events.report import DataQualityScored, MetricValueReported, ReportRunFinished
from sharedchain.events.response import AlertAcknowledged
from sharedchain.events.review import ForecastReviewHeld
from sharedchain.events.sparepart import MasterSparepartUpserted
from sharedchain.events.store import MasterStoreUpserted
from sharedchain.events.supplier import MasterSupplierUpserted
from sharedchain.events.target import TargetSet
from sharedchain.events.voice import (
    CustomerBehaviourTracked,
    CustomerSurveyAnswered,
    CustomerUsageReported,
    VoiceSubmitted,
)

__all__ = [
    "AlertAcknowledged",
    "AlertEscalated",
    "AlertRaised",
    "AlertResolved",
    "AllocatedPart",
    "CaseClosed",
    "CaseNodeCompleted",
    "CaseNodeStarted",
    "CaseOpened",
    "Channels",
    "ClockTicked",
    "Component",
    "ConfigDefined",
    "Contact",
    "ContractApproved",
    "ContractCreated",
    "CustomerBehaviourTracked",
    "CustomerSurveyAnswered",
    "CustomerUsageReported",
    "DataQualityScored",
    "Decider",
    "Delivery",
    "Event",
    "Evidence",
    "ForecastLine",
    "ForecastLineCleared",
    "ForecastLineUnsupported",
    "ForecastLiveUpdated",
    "ForecastPublished",
    "ForecastRefreshRequested",
    "ForecastReviewHeld",
    "Instalment",
    "LeadCaptured",
    "LeadContactLogged",
    "LeadConverted",
    "LeadDisqualified",
    "LightChanged",
    "Location",
    "MasterCustomerUpserted",
    "MasterEmployeeUpserted",
    "MasterEquipmentUpserted",
    "MasterOrgUpserted",
    "MasterProductUpserted",
    "MasterSparepartUpserted",
    "MasterStoreUpserted",
    "MasterSupplierUpserted",
    "MetricCorrected",
    "MetricMinuteComputed",
    "MetricValueReported",
    "NotificationFailed",
    "NotificationSent",
    "OpportunityAmountChanged",
    "OpportunityCreated",
    "OpportunityLost",
    "OpportunityOpened",
    "OpportunitySigned",
    "OpportunityStageChanged",
    "OrgUnit",
    "PaymentAllocated",
    "PaymentReceived",
    "PaymentTerm",
    "ProjectCreated",
    "ProjectRiskChanged",
    "ReceivableCreated",
    "ReceivableOverdue",
    "ReceivableSettled",
    "RecordIncomplete",
    "RecordRejected",
    "ReportRunFinished",
    "SensorReading",
    "Setpoint",
    "TargetSet",
    "VoiceSubmitted",
]
