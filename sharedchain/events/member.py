"""Members, their orders and coupons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sharedchain.events.base import Event, Money, Text, Timestamp


class MemberProfileCaptured(Event):
    """The profile of a person was captured."""

    member_id: Text
    store_id: str | None = None
    channel: str | None = None
    preferences: Mapping[str, str] | None = None
    phone_hash: str | None = None
    at: Timestamp | None = None


class MemberProfileUpdated(Event):
    """The profile of a member changed."""

    member_id: Text
    store_id: str | None = None
    channel: str | None = None
    preferences: Mapping[str, str] | None = None
    phone_hash: str | None = None
    at: Timestamp | None = None


class MemberRegistered(Event):
    """A person became a member."""

    member_id: Text
    store_id: str | None = None
    campaign_id: str | None = None
    at: Timestamp | None = None


class MemberOrderPlaced(Event):
    """A member bought."""

    order_id: Text
    member_id: Text
    store_id: str | None = None
    campaign_id: str | None = None
    amount: Money
    currency: str | None = None
    items: tuple[str, ...] | None = None
    at: Timestamp | None = None


class MemberPointsEarned(Event):
    """A member earned points."""

    member_id: Text
    ref: Text
    points: int
    at: Timestamp | None = None


class CouponIssued(Event):
    """A coupon was issued."""

    coupon_id: Text
    member_id: Text
    kind: Text
    value: Money | None = None
    currency: str | None = None
    valid_to: date | None = None
    at: Timestamp | None = None


class CouponRedeemed(Event):
    """A coupon was redeemed."""

    coupon_id: Text
    member_id: Text
    order_id: str | None = None
    at: Timestamp | None = None


class CampaignStarted(Event):
    """A campaign was started."""

    campaign_id: Text
    kind: Text
    segment: str | None = None
    goal_metric: str | None = None
    at: Timestamp | None = None


class CampaignEnded(Event):
    """A campaign ended."""

    campaign_id: Text
    at: Timestamp | None = None


class CampaignContentAssigned(Event):
    """Content was given to a campaign."""

    campaign_id: Text
    content_id: Text
    segment: str | None = None
    at: Timestamp | None = None


class RecommendationServed(Event):
    """A recommendation was shown."""

    ref: Text
    member_id: Text
    channel: str | None = None
    items: tuple[str, ...] | None = None
    reasons: tuple[str, ...] | None = None
    at: Timestamp | None = None


class RecommendationClicked(Event):
    """A recommendation was clicked."""

    ref: Text
    member_id: Text
    item: str | None = None
    at: Timestamp | None = None


class RecommendationBought(Event):
    """What was recommended was bought."""

    ref: Text
    member_id: Text
    order_id: str | None = None
    at: Timestamp | None = None


class RecommendationFeedback(Event):
    """A member judged a recommendation."""

    ref: Text
    member_id: Text
    verdict: Text
    at: Timestamp | None = None


class ContactWindowPredicted(Event):
    """A good time to contact a member is predicted."""

    member_id: Text
    from_: Timestamp
    to: Timestamp
    model_version: str | None = None
    made_at: Timestamp | None = None


class ChannelLeadCaptured(Event):
    """A channel captured a lead."""

    channel: Text
    external_ref: Text
    member_id: str | None = None
    visitor: str | None = None
    store_id: str | None = None
    at: Timestamp | None = None


class ChannelOrderPlaced(Event):
    """An order was placed on a channel."""

    channel: Text
    external_ref: Text
    member_id: str | None = None
    visitor: str | None = None
    store_id: str | None = None
    amount: Money
    currency: str | None = None
    items: tuple[str, ...] | None = None
    at: Timestamp | None = None


class StoreOrderPlaced(Event):
    """An order was placed in a store."""

    order_id: Text
    store_id: Text
    channel: str | None = None
    member_id: str | None = None
    amount: Money
    currency: str | None = None
    items: tuple[str, ...] | None = None
    at: Timestamp | None = None


class PosReceiptRecorded(Event):
    """A till printed a receipt."""

    store_id: Text
    receipt_no: Text
    member_id: str | None = None
    amount: Money
    currency: str | None = None
    items: tuple[str, ...] | None = None
    at: Timestamp | None = None
