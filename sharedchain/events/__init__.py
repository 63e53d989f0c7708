"""One model per event type; `lead.captured` is `LeadCaptured` (the rule: schemas.class_name)."""

from sharedchain.events.alert import AlertEscalated, AlertRaised, AlertResolved, Delivery
from sharedchain.events.base import Event
from sharedchain.events.clock import ClockTicked
from sharedchain.events.config import ConfigDefined
from sharedchain.events.customer import Contact, Decider, MasterCustomerUpserted, OrgUnit
from sharedchain.events.employee import Channels, MasterEmployeeUpserted
from sharedchain.events.forecast import ForecastLine, ForecastPublished
from sharedchain.events.forecast_live import ForecastLineUnsupported, ForecastLiveUpdated, ForecastRefreshRequested
from sharedchain.events.lead import LeadCaptured, LeadContactLogged, LeadConverted, LeadDisqualified
from sharedchain.events.metric import MetricCorrected, MetricMinuteComputed
from sharedchain.events.notification import LightChanged, NotificationFailed, NotificationSent
from sharedchain.events.org import MasterOrgUpserted
from sharedchain.events.rejected import RecordRejected
from sharedchain.events.target import TargetSet

__all__ = [
    "AlertEscalated",
    "AlertRaised",
    "AlertResolved",
    "Channels",
    "ClockTicked",
    "ConfigDefined",
    "Contact",
    "Decider",
    "Delivery",
    "Event",
    "ForecastLine",
    "ForecastLineUnsupported",
    "ForecastLiveUpdated",
    "ForecastPublished",
    "ForecastRefreshRequested",
    "LeadCaptured",
    "LeadContactLogged",
    "LeadConverted",
    "LeadDisqualified",
    "LightChanged",
    "MasterCustomerUpserted",
    "MasterEmployeeUpserted",
    "MasterOrgUpserted",
    "MetricCorrected",
    "MetricMinuteComputed",
    "NotificationFailed",
    "NotificationSent",
    "OrgUnit",
    "RecordRejected",
    "TargetSet",
]
