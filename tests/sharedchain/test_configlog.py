"""What a tenant's flow lets a record lack, as the log says it."""

from __future__ import annotations

from sharedchain.config import bundle, item
from sharedchain.configlog import ConfigLog

FLOWS = {("flow", one.name): one for one in bundle() if one.kind == "flow"}
TYPE = "master.customer.upserted"


def log(**tenants: str) -> ConfigLog:
    return ConfigLog(FLOWS | {("tenant", name): item("tenant", name, {"flow": flow}) for name, flow in tenants.items()})


def test_a_tenant_is_excused_what_its_own_flow_reports() -> None:
    said = log(crm="plain", strict="standard", lost="gone")
    assert said.excused(TYPE, "crm") == ("org_structure", "decision_chain", "owner_id")
    assert said.excused("lead.captured", "crm") == ()
    assert [said.excused(TYPE, name) for name in ("strict", "lost", "nobody")] == [(), (), ()]
