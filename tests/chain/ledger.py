"""What a run published, and what each record must lead to: worked out here, not by ingest.

Events are made from a seed. Expectations rest on one promise of Kafka, the order within a partition:
what depends on order (versions, conflicts, a child before its parent) goes to one partition, what
does not (repetitions of leads and contacts) goes to any.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from sharedchain.codec import Codec
from sharedchain.config import item

WALL = [f"tenant{n}" for n in range(8)]  # one on each partition of the spine
DRIVEN = ["tenant8", "tenant9"]  # on partitions 3 and 5
T0 = 1_777_000_000_000  # where the clocks of driven tenants begin
HOUR = 3_600_000
ROLES = ["sales_director", "supply_planner", "supply_director", "president", "data_steward"]
PARTITIONS = 4  # of a domain topic
BAD = ["bad_frame", "trailing", "tombstone", "missing_field", "unknown_term", "domain", "bad_time"]
NUMBER = "chaos-n"  # header by which a record in Kafka is known as one of ours

ACCEPTED, REPEATED = "accepted", "repeated"  # other expectations are the reasons of a refusal


@dataclass(frozen=True)
class Sent:
    """One record. `expect`: accepted, repeated (dropped), or the reason of its refusal."""

    n: int
    kind: str
    topic: str
    partition: int
    value: bytes | None
    tenant: str
    source: str
    id: str
    told: bool  # whether ce_source and ce_id stand in its headers
    expect: str
    data: Mapping[str, Any]
    parked: bool = False  # a child that comes before its parent
    extra: tuple[tuple[str, bytes], ...] = ()

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        said = {"ce_tenant": self.tenant, NUMBER: str(self.n)}
        if self.told:
            said |= {"ce_source": self.source, "ce_id": self.id}
        return [*((name, text.encode()) for name, text in said.items()), *self.extra]

    @property
    def name(self) -> tuple[str, str, str]:
        """What a fact of it is called on the spine."""
        return self.tenant, self.source, self.id


@dataclass
class Ledger:
    """Makes records, remembers them, and where they were acknowledged."""

    codec: Codec
    seed: int
    now: int  # wall clock at the beginning, ms
    sent: list[Sent] = field(default_factory=list)
    places: dict[int, str] = field(default_factory=dict)  # n → «topic/partition/offset», once acknowledged
    maybe: set[int] = field(default_factory=set)  # never acknowledged and not sent again
    again: set[int] = field(default_factory=set)  # sent by a second producer too: whether a child waits is not foretold
    clocks: dict[str, int] = field(default_factory=lambda: dict.fromkeys(DRIVEN, T0))

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self._open: list[tuple[str, str]] = []  # (tenant, lead) that may be converted
        self._ended: list[tuple[str, str]] = []
        self._late: list[Sent] = []  # parents that come after their children
        self._versions: dict[tuple[str, str], int] = {}
        self._orphans: set[int] = set()

    def opening(self) -> list[Sent]:
        """The people and the target of every tenant."""
        made = []
        for tenant in [*WALL, *DRIVEN]:
            made += [self._employee(tenant, role) for role in ROLES]
            made.append(self._target(tenant))
        return made

    def configure(self, tenant: str) -> Sent:
        """Lets a tenant live by its own clock."""
        found = item("tenant", tenant, {"mode": "driven", "packs": ["default"]})
        return self._make("config.defined", "_system", tenant, found.said, partition=0)

    def tick(self, tenant: str, step: int) -> Sent:
        """Moves the clock of a driven tenant on by `step` ms."""
        self.clocks[tenant] += step
        at = self.clocks[tenant]
        return self._make("clock.ticked", tenant, tenant, {"at": at, "n": at // 60_000}, partition=0)

    def closing(self) -> list[Sent]:
        """Parents that are still awaited."""
        late, self._late = self._late, []
        return [self._keep(parent) for parent in late]

    def more(self) -> list[Sent]:
        """One event of chance, now and then with what belongs to it."""
        if self._late and self.chance.random() < 0.05:
            return [self._keep(self._late.pop(0))]
        tenant = self.chance.choice([*WALL, *WALL, *DRIVEN])
        makers: list[tuple[Callable[[str], list[Sent]], float]] = [
            (self._lead, 30), (self._contact, 24), (self._forecast, 24), (self._end, 4), (self._end_again, 2),
            (self._alone, 4), (self._again, 4), (self._otherwise, 1), (self._bad, 3), (self._rare, 4),
        ]  # fmt: skip
        (make,) = self.chance.choices([m for m, _ in makers], [w for _, w in makers])
        return make(tenant)

    def burst(self, count: int, *, only_leads: bool = False) -> list[Sent]:
        """Accepted events only: what may be sent twice without harm."""
        made: list[Sent] = []
        while len(made) < count:
            tenant = self.chance.choice(WALL)
            make = self._lead if only_leads else self.chance.choice([self._lead, self._contact, self._forecast])
            made += make(tenant)
        return made

    def _lead(self, tenant: str) -> list[Sent]:
        lead = f"L{len(self.sent)}"
        self._open.append((tenant, lead))
        return [self._make("lead.captured", tenant, lead, self._lead_data(lead), told=self.chance.random() < 0.8)]

    def _contact(self, tenant: str) -> list[Sent]:
        mine = [lead for t, lead in self._open[-300:] if t == tenant]
        if not mine:
            return self._lead(tenant)
        lead = self.chance.choice(mine)
        return [self._make("lead.contact.logged", tenant, lead, self._contact_data(tenant, lead))]

    def _forecast(self, tenant: str) -> list[Sent]:
        forecast = f"F-{self.chance.choice(['CN', 'DE', 'BR'])}"
        version = self._versions[tenant, forecast] = self._versions.get((tenant, forecast), 0) + 1
        data = self._forecast_data(forecast, version)
        return [self._make("forecast.published", tenant, forecast, data, told=self.chance.random() < 0.5)]

    def _end(self, tenant: str) -> list[Sent]:
        mine = [pair for pair in self._open if pair[0] == tenant]
        if not mine:
            return self._lead(tenant)
        self._open.remove(pair := self.chance.choice(mine))
        self._ended.append(pair)
        return [
            self._make(
                "lead.converted", tenant, pair[1], {"lead_id": pair[1], "opportunity_id": f"O-{pair[1]}", "by": "E1"}
            )
        ]

    def _end_again(self, tenant: str) -> list[Sent]:
        mine = [pair for pair in self._ended if pair[0] == tenant]
        if not mine:
            return self._end(tenant)
        self._ended.remove(pair := self.chance.choice(mine))
        data = {"lead_id": pair[1], "reason": "late"}
        return [self._make("lead.disqualified", tenant, pair[1], data, expect="transition")]

    def _alone(self, tenant: str) -> list[Sent]:
        """A child before its parent, which comes later; in a driven tenant it never does."""
        lead = f"L{len(self.sent)}"
        never = tenant in DRIVEN
        data = self._contact_data(tenant, lead)
        made = self._make("lead.contact.logged", tenant, lead, data, expect="orphan" if never else ACCEPTED)
        made = self._replace(made, parked=True)
        if never:
            self._orphans.add(made.n)
        else:
            self._late.append(self._plan("lead.captured", tenant, lead, self._lead_data(lead)))
        return [made]

    def _again(self, _: str) -> list[Sent]:
        """The same again: the very record, or under a new name, or a bad one once more."""
        old = self.chance.choice(self.sent[-2000:])
        if old.expect == REPEATED or old.n in self._orphans or old.topic in ("chain.config.v1", "chain.clock.v1"):
            return []
        partition = old.partition
        if old.kind in ("lead.captured", "lead.contact.logged") and old.expect == ACCEPTED and not old.parked:
            if self.chance.random() < 0.4:
                return [self._keep(replace(old, id=f"again{len(self.sent)}", told=True, expect=REPEATED))]
            partition = self.chance.randrange(PARTITIONS)
        return [self._keep(replace(old, expect=REPEATED, partition=partition))]

    def _otherwise(self, _: str) -> list[Sent]:
        """The same name with other content."""
        old = self.chance.choice(self.sent[-2000:])
        if old.expect != ACCEPTED or not old.told or old.kind not in ("lead.captured", "forecast.published"):
            return []
        if old.kind == "lead.captured":
            data: dict[str, Any] = {**old.data, "expected_amount": Decimal(len(self.sent)) + Decimal("0.77")}
        else:
            data = {**old.data, "reason": f"changed {len(self.sent)}"}
        return [self._keep(replace(old, expect="conflict", data=data, value=self._encode(old.kind, data)))]

    def _bad(self, tenant: str) -> list[Sent]:
        lead = f"B{len(self.sent)}"
        data = self._lead_data(lead)
        how = self.chance.choice(
            ["bad_frame", "trailing", "tombstone", "missing_field", "unknown_term", "domain", "bad_time"]
        )
        wrong: dict[str, dict[str, Any]] = {
            "missing_field": {"owner_id": None}, "unknown_term": {"demand_type": "?"},
            "domain": {"expected_amount": Decimal("-1.00")},
        }  # fmt: skip
        made = self._make("lead.captured", tenant, lead, data | wrong.get(how, {}), expect=how)
        if how == "bad_frame":
            made = self._replace(made, value=b"junk %d" % made.n)
        elif how == "trailing":
            made = self._replace(made, value=(made.value or b"") + b"\0")
        elif how == "tombstone":
            made = self._replace(made, value=None)
        elif how == "bad_time":
            made = self._replace(made, extra=(("ce_time", b"1999-01-01T00:00:00Z"),))
        return [made]

    def _rare(self, tenant: str) -> list[Sent]:
        if tenant in DRIVEN:
            return [self.tick(tenant, self.chance.randrange(HOUR // 6, 8 * HOUR))]
        if self.chance.random() < 0.5:
            return [self._target(tenant)]
        return [self._employee(tenant, self.chance.choice(ROLES))]

    def _employee(self, tenant: str, role: str) -> Sent:
        person = f"E-{role}"
        channels = {"email": f"{person}@{tenant}.example", "im": None}
        data = {
            "employee_id": person,
            "org_id": "ORG",
            "role": role,
            "name": f"N{len(self.sent)}",
            "channels": channels,
        }
        return self._make("master.employee.upserted", tenant, person, data)

    def _target(self, tenant: str) -> Sent:
        amount = Decimal(self.chance.randrange(100, 300)) * 1_000_000
        data = {"target_id": "T", "period": "2026Q2", "org_id": "ORG", "metric": "signed", "amount": amount}
        return self._make("target.set", tenant, "T", {**data, "currency": "CNY"})

    def _lead_data(self, lead: str) -> dict[str, Any]:
        return {
            "lead_id": lead, "customer_industry": self.chance.choice(["ENERGY", "制造业"]), "demand_type": "NEW",
            "expected_amount": Decimal(self.chance.randrange(10**6)), "currency": "CNY", "prospect_name": "某公司",
            "region": self.chance.choice(["CN", "DE"]), "owner_id": "E-president",
        }  # fmt: skip

    def _contact_data(self, tenant: str, lead: str) -> dict[str, Any]:
        at = T0 if tenant in DRIVEN else self.now - self.chance.randrange(48 * HOUR)
        return {"lead_id": lead, "contact_id": f"K{len(self.sent)}", "at": at, "channel": "phone"}

    def _forecast_data(self, forecast: str, version: int) -> dict[str, Any]:
        lines = [self._line(str(n)) for n in range(1, self.chance.randrange(2, 5))]
        return {
            "forecast_id": forecast, "version": version, "period": "2026Q2", "org_id": "ORG", "region": forecast[-2:],
            "owner_id": "E-sales_director", "reason": "plan", "currency": "CNY", "lines": lines,
        }  # fmt: skip

    def _line(self, name: str) -> dict[str, Any]:
        project = self.chance.random() < 0.6
        line = dict.fromkeys(("opportunity_id", "product_id", "quantity", "expected_date", "confidence", "rationale"))
        why = {"basis": "PROJECT", "opportunity_id": "O1"} if project else {"basis": "EXPERIENCE", "rationale": "惯例"}
        return {**line, "line_id": name, "amount": Decimal(self.chance.randrange(5, 60)) * 1_000_000, **why}

    def _make(self, kind: str, tenant: str, entity: str, data: Mapping[str, Any], **said: Any) -> Sent:
        return self._keep(self._plan(kind, tenant, entity, data, **said))

    def _plan(
        self, kind: str, tenant: str, entity: str, data: Mapping[str, Any], *, expect: str = ACCEPTED,
        told: bool = True, partition: int | None = None,
    ) -> Sent:  # fmt: skip
        own = self.codec.catalog.types[kind]
        where = zlib.crc32(f"{tenant}/{entity}".encode()) % PARTITIONS if partition is None else partition
        words = "/".join(str(data[name]) for name in own.identity)
        given = "chaos", f"n{len(self.sent)}.{self.chance.randrange(10**6)}"
        source, name = given if told else (f"kafka:{own.topic}", f"{kind}/{words}")
        return Sent(-1, kind, own.topic, where, self._encode(kind, data), tenant, source, name, told, expect, data)

    def _encode(self, kind: str, data: Mapping[str, Any]) -> bytes:
        own = self.codec.catalog.types[kind]
        return self.codec.encode(own, {f["name"]: f.get("default") for f in own.schema["fields"]} | dict(data))

    def _keep(self, planned: Sent) -> Sent:
        made = replace(planned, n=len(self.sent))
        self.sent.append(made)
        return made

    def _replace(self, old: Sent, **changed: Any) -> Sent:
        self.sent[old.n] = made = replace(old, **changed)
        return made
