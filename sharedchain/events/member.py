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
