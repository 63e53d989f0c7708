"""One model per event type; `lead.captured` is `LeadCaptured` (the rule: schemas.class_name)."""

from sharedchain.events.account import AccountActivityRecorded, NewsEntity, NewsPublished
from sharedchain.events.alert import AlertEscalated, AlertRaised, AlertResolved, Delivery
from sharedchain.events.base import Event, Evidence, Location
from sharedchain.events.case import CaseClosed, CaseNodeCompleted, CaseNodeStarted, CaseOpened
from sharedchain.events.clock import ClockTicked
from sharedchain.events.config import ConfigDefined
from sharedchain.events.contract import ContractApproved, ContractClauseChecked, ContractCreated
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
from sharedchain.events.inventory import (
    DemandForecasted,
    InventoryGoodsReceived,
    InventoryIssued,
    InventoryLevelReported,
    InventoryReserved,
)
from sharedchain.events.lead import LeadCaptured, LeadContactLogged, LeadConverted, LeadDisqualified
from sharedchain.events.member import (
    CouponIssued,
    CouponRedeemed,
    MemberOrderPlaced,
    MemberPointsEarned,
    MemberProfileCaptured,
    MemberProfileUpdated,
    MemberRegistered,
)
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
from sharedchain.events.order import (
    LogisticsTracked,
    OrderChangeApplied,
    OrderChangeRequested,
    OrderDelivered,
    OrderLine,
    OrderPlaced,
    OrderPromiseChanged,
)
from sharedchain.events.org import MasterOrgUpserted
from sharedchain.events.platform import (
    AccessFieldRead,
    AccessGranted,
    AccessRevoked,
    AiSuggestionDecided,
    AiSuggestionIssued,
    AiSuggestionOpened,
    ApiCalled,
    BenefitRecorded,
    ForecastViewRead,
    InvestmentRecorded,
    MetricDefined,
    ModelOutcomeObserved,
    ModelPromoted,
)
from sharedchain.events.procurement import (
    ConfirmedLine,
    ProcurementConfirmationReceived,
    ProcurementExceptionResolved,
    ProcurementOrderCreated,
    ProcurementOrderRegistered,
    PurchaseLine,
)
from sharedchain.events.product import MasterProductUpserted
from sharedchain.events.production import Move, ProductionPlanRescheduled, ProductionShiftClosed
from sharedchain.events.project import ProjectCreated, ProjectRiskChanged
from sharedchain.events.quality import QualityInspectionRecorded, QualityResultReceived
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
from sharedchain.events.suggestion import (
    Candidate,
    DataConflictDetected,
    EquipmentCommandIssued,
    EquipmentFailurePredicted,
    InventoryReplenishmentProposed,
    MemberStageChanged,
    ModelRollbackProposed,
    ProcurementExceptionRaised,
    ProcurementRequisitionCreated,
    QualityWarningRaised,
    RetentionPlanProposed,
    RndFeedbackDelivered,
    RndRequirementProposed,
    SensorGapDetected,
    SensorOutlierDetected,
    ServiceWorkorderAssigned,
    ServiceWorkorderCreated,
    SparepartShipmentRequested,
)
from sharedchain.events.supplier import MasterSupplierUpserted
from sharedchain.events.target import TargetSet
from sharedchain.events.task import StoreTaskAssigned, StoreTaskClosed
from sharedchain.events.ticket import (
    BotSessionClosed,
    ServiceTicketAnswered,
    ServiceTicketAssigned,
    ServiceTicketClassified,
    ServiceTicketClosed,
    ServiceTicketOpened,
)
from sharedchain.events.voice import (
    CustomerBehaviourTracked,
    CustomerSurveyAnswered,
    CustomerUsageReported,
    VoiceSubmitted,
)
from sharedchain.events.workorder import EquipmentCommandConfirmed, PartUsed, ServiceWorkorderClosed

__all__ = [
    "AccessFieldRead",
    "AccessGranted",
    "AccessRevoked",
    "AccountActivityRecorded",
    "AiSuggestionDecided",
    "AiSuggestionIssued",
    "AiSuggestionOpened",
    "AlertAcknowledged",
    "AlertEscalated",
    "AlertRaised",
    "AlertResolved",
    "AllocatedPart",
    "ApiCalled",
    "BenefitRecorded",
    "BotSessionClosed",
    "Candidate",
    "CaseClosed",
    "CaseNodeCompleted",
    "CaseNodeStarted",
    "CaseOpened",
    "Channels",
    "ClockTicked",
    "Component",
    "ConfigDefined",
    "ConfirmedLine",
    "Contact",
    "ContractApproved",
    "ContractClauseChecked",
    "ContractCreated",
    "CouponIssued",
    "CouponRedeemed",
    "CustomerBehaviourTracked",
    "CustomerSurveyAnswered",
    "CustomerUsageReported",
    "DataConflictDetected",
    "DataQualityScored",
    "Decider",
    "Delivery",
    "DemandForecasted",
    "EquipmentCommandConfirmed",
    "EquipmentCommandIssued",
    "EquipmentFailurePredicted",
    "Event",
    "Evidence",
    "ForecastLine",
    "ForecastLineCleared",
    "ForecastLineUnsupported",
    "ForecastLiveUpdated",
    "ForecastPublished",
    "ForecastRefreshRequested",
    "ForecastReviewHeld",
    "ForecastViewRead",
    "Instalment",
    "InventoryGoodsReceived",
    "InventoryIssued",
    "InventoryLevelReported",
    "InventoryReplenishmentProposed",
    "InventoryReserved",
    "InvestmentRecorded",
    "LeadCaptured",
    "LeadContactLogged",
    "LeadConverted",
    "LeadDisqualified",
    "LightChanged",
    "Location",
    "LogisticsTracked",
    "MasterCustomerUpserted",
    "MasterEmployeeUpserted",
    "MasterEquipmentUpserted",
    "MasterOrgUpserted",
    "MasterProductUpserted",
    "MasterSparepartUpserted",
    "MasterStoreUpserted",
    "MasterSupplierUpserted",
    "MemberOrderPlaced",
    "MemberPointsEarned",
    "MemberProfileCaptured",
    "MemberProfileUpdated",
    "MemberRegistered",
    "MemberStageChanged",
    "MetricCorrected",
    "MetricDefined",
    "MetricMinuteComputed",
    "MetricValueReported",
    "ModelOutcomeObserved",
    "ModelPromoted",
    "ModelRollbackProposed",
    "Move",
    "NewsEntity",
    "NewsPublished",
    "NotificationFailed",
    "NotificationSent",
    "OpportunityAmountChanged",
    "OpportunityCreated",
    "OpportunityLost",
    "OpportunityOpened",
    "OpportunitySigned",
    "OpportunityStageChanged",
    "OrderChangeApplied",
    "OrderChangeRequested",
    "OrderDelivered",
    "OrderLine",
    "OrderPlaced",
    "OrderPromiseChanged",
    "OrgUnit",
    "PartUsed",
    "PaymentAllocated",
    "PaymentReceived",
    "PaymentTerm",
    "ProcurementConfirmationReceived",
    "ProcurementExceptionRaised",
    "ProcurementExceptionResolved",
    "ProcurementOrderCreated",
    "ProcurementOrderRegistered",
    "ProcurementRequisitionCreated",
    "ProductionPlanRescheduled",
    "ProductionShiftClosed",
    "ProjectCreated",
    "ProjectRiskChanged",
    "PurchaseLine",
    "QualityInspectionRecorded",
    "QualityResultReceived",
    "QualityWarningRaised",
    "ReceivableCreated",
    "ReceivableOverdue",
    "ReceivableSettled",
    "RecordIncomplete",
    "RecordRejected",
    "ReportRunFinished",
    "RetentionPlanProposed",
    "RndFeedbackDelivered",
    "RndRequirementProposed",
    "SensorGapDetected",
    "SensorOutlierDetected",
    "SensorReading",
    "ServiceTicketAnswered",
    "ServiceTicketAssigned",
    "ServiceTicketClassified",
    "ServiceTicketClosed",
    "ServiceTicketOpened",
    "ServiceWorkorderAssigned",
    "ServiceWorkorderClosed",
    "ServiceWorkorderCreated",
    "Setpoint",
    "SparepartShipmentRequested",
    "StoreTaskAssigned",
    "StoreTaskClosed",
    "TargetSet",
    "VoiceSubmitted",
]
