"""Every route stands behind a guard: it finds out who asks and puts the question to the policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Path, Query, Request

from gateway.door import door_of
from gateway.policy import Action, Principal, Resource, allow
from gateway.problem import Problem
from sharedchain.links import verify

TENANT = Annotated[str, Query(min_length=1, max_length=128, description="whose data; other tenants stay unseen")]
RECIPIENT = Annotated[str, Query(min_length=1, max_length=128)]
VERSION = Annotated[int, Query(ge=0, lt=2**31)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who asks, to do what; `to` is the one place where the policy is asked."""

    principal: Principal
    action: Action
    tenant: str = ""

    def to(self, resource: Resource) -> Access:
        """This access, if the policy allows it on `resource`. Raises Problem(403)."""
        if not allow(self.principal, self.action, resource):
            what = " ".join(part for part in (resource.kind, resource.type, resource.tenant) if part)
            raise Problem(403, "forbidden", f"{self.action} on {what} is not allowed from here")
        return self


@dataclass(frozen=True, slots=True)
class Guard:
    """Dependency of a route on the system as a whole, or (publish) whose resources stand in the body."""

    action: Action
    kind: str

    def __call__(self, request: Request) -> Access:
        return Access(principal=Principal(address=_address(request)), action=self.action).to(Resource(kind=self.kind))


@dataclass(frozen=True, slots=True)
class TenantGuard:
    """Dependency of a route that reads one tenant's data."""

    action: Action
    kind: str

    def __call__(self, request: Request, tenant: TENANT = "default") -> Access:
        access = Access(principal=Principal(address=_address(request)), action=self.action, tenant=tenant)
        return access.to(Resource(kind=self.kind, tenant=tenant))


@dataclass(frozen=True, slots=True)
class PathTenantGuard:
    """The same where the tenant stands in the path."""

    action: Action
    kind: str

    def __call__(self, request: Request, tenant: Annotated[str, Path(min_length=1, max_length=128)]) -> Access:
        return TenantGuard(self.action, self.kind)(request, tenant)


@dataclass(frozen=True, slots=True)
class LinkGuard:
    """Dependency of a route that a signed link opens: the signature says for whom."""

    action: Action
    kind: str

    def __call__(
        self,
        request: Request,
        forecast_id: str,
        version: VERSION,
        recipient: RECIPIENT,
        tenant: TENANT = "default",
        sig: Annotated[str, Query(max_length=128)] = "",
    ) -> Access:
        secret = door_of(request).link_secret.get_secret_value()
        if not verify(secret, tenant, forecast_id, version, recipient, sig):
            raise Problem(
                403, "bad_signature", "this link was not signed by this chain, or was changed; open the one in the mail"
            )
        principal = Principal(address=_address(request), link_to=recipient)
        access = Access(principal=principal, action=self.action, tenant=tenant)
        return access.to(Resource(kind=self.kind, tenant=tenant))


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
