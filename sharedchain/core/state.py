"""Everything the core remembers of one spine partition, and its bytes.

Plain dataclasses of str, int, Decimal, list and dict: `load(dump(s))` goes on exactly as `s` would.
Dicts keep the order of insertion through JSON; nothing iterates over a set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from pydantic import TypeAdapter

from sharedchain.core.columns import Cell
from sharedchain.core.episodes import Episode, Fault, Judgement, Place, Remembered, Step
from sharedchain.core.timers import Acted, Watch

__all__ = [
    "NEVER", "Bucket", "Contract", "DaySum", "Employee", "Episode", "Equipment", "Fault", "FlowRow", "Forecast",
    "Instalment", "Item", "Judgement", "Lead", "Line", "Opportunity", "Part", "Place", "Receivable", "Remembered",
    "Sample", "ScopeState", "Setpoint", "State", "Step", "Store", "TableRow", "TableState", "Target", "dump", "load",
    "new_state", "remember",
]  # fmt: skip

NEVER = 1 << 62  # milliseconds: later than any tick
_SOURCES_KEPT = 50  # facts named in an explanation; what more of them changed names the newest


def remember(places: list[Place], place: Place) -> None:
    """Add a fact to those that changed something, unless it stands there last."""
    if place not in places[-1:]:
        places.append(place)
        del places[:-_SOURCES_KEPT]


@dataclass
class Item:
    """One config item as the log told it last."""

    hash: str
    body: str


@dataclass
class Employee:
    role: str
    name: str = ""
    email: str = ""
    im: str = ""
    since: str = ""  # ISO dates, both inclusive; "" = open
    until: str = ""


@dataclass
class Setpoint:
    """What one parameter of an equipment should be, and how far it may be off, both ways."""

    value: Decimal
    tolerance: Decimal
    unit: str = ""


@dataclass
class Equipment:
    """Equipment as `master.equipment.upserted` told last; setpoints by parameter."""

    type: str
    customer_id: str
    store_id: str
    source: Place
    setpoints: dict[str, Setpoint] = field(default_factory=dict)


@dataclass
class Store:
    name: str
    org_id: str
    manager_id: str
    source: Place


@dataclass
class Line:
    """A line of a current version that cites an opportunity; `cause`: why it has no support, "" = it has."""

    opportunity_id: str
    amount: Decimal
    cause: str = ""
    history: bool = False  # the cause came as backfill: it was told to nobody


@dataclass
class Forecast:
    """The current version of one forecast. `refreshed_at`: event time of the version, ms."""

    version: int
    period: str
    org_id: str
    region: str
    owner_id: str
    currency: str
    project: Decimal
    experience: Decimal
    refreshed_at: int
    source: Place
    settled: bool = False  # came as backfill: history, no reminders
    lines: dict[str, Line] = field(default_factory=dict)  # by line id; only those that cite an opportunity

    @property
    def total(self) -> Decimal:
        return self.project + self.experience


@dataclass
class Target:
    period: str
    metric: str
    amount: Decimal
    currency: str
    parent: str
    source: Place


@dataclass
class Lead:
    """An open lead; one that was converted or disqualified is forgotten. Times in ms."""

    owner_id: str
    region: str
    industry: str
    channel: str
    contacted: int  # the last contact, else the capture
    source: Place


@dataclass
class Opportunity:
    """One opportunity as it stands. `stage` is SIGNED or LOST at the end; times in ms."""

    stage: str
    amount: Decimal
    currency: str
    region: str
    industry: str
    product_id: str
    owner_id: str
    customer_id: str
    lead_id: str
    created: int
    source: Place  # of the last fact about it
    signed: int | None = None
    lost: int | None = None


@dataclass
class Contract:
    opportunity_id: str
    customer_id: str
    region: str
    owner_id: str
    amount: Decimal
    currency: str
    status: str  # EFFECTIVE | BLOCKED
    signed: int  # ms
    source: Place


@dataclass
class Instalment:
    """One part of a receivable. `late`: a local midnight past its due date has found it unpaid."""

    due: str  # ISO date, "" = none
    amount: Decimal
    left: Decimal
    late: bool = False


@dataclass
class Receivable:
    """`paid` is what was allocated to its instalments; a surplus is no part of it."""

    contract_id: str
    customer_id: str
    owner_id: str
    region: str
    currency: str
    total: Decimal
    paid: Decimal
    source: Place
    instalments: dict[str, Instalment] = field(default_factory=dict)  # by number, in order


@dataclass
class DaySum:
    """What one local day contributed to one flow, and the newest facts that did."""

    value: Decimal
    n: int = 0
    sources: list[Place] = field(default_factory=list)

    def add(self, amount: Decimal, n: int, place: Place | None = None) -> None:
        self.value += amount
        self.n += n
        if place is not None:
            remember(self.sources, place)


@dataclass
class TableRow:
    """One row of a declared table; `source`: the fact that changed it last, recorded at `changed`."""

    key: list[str]
    changed: int
    source: Place
    cells: dict[str, Cell] = field(default_factory=dict)  # by column


@dataclass
class TableState:
    """The rows of one declared table, by name, in the order in which they came."""

    hashes: dict[str, str] = field(default_factory=dict)  # of the declarations the rows were made by
    rows: dict[str, TableRow] = field(default_factory=dict)
    heads: dict[str, dict[str, None]] = field(default_factory=dict)  # first part of the key → names of rows


@dataclass
class Part:
    """Rows of one currency ("" = none) in a bucket."""

    n: int
    total: Decimal


@dataclass
class Bucket:
    """What one entity gauge aggregates for one combination of dims."""

    measure: str
    dims: dict[str, str]
    parts: dict[str, Part] = field(default_factory=dict)  # by currency
    marks: dict[str, int] = field(default_factory=dict)  # an age, or a value (see `aggregates`) → rows that have it
    day: str = ""  # ISO day, of a gauge that looks at the day before


@dataclass
class FlowRow:
    """What one minute contributed to one flow; `told` is the value of the row last emitted."""

    measure: str
    minute: int
    dims: dict[str, str]
    value: Decimal
    n: int
    told: Decimal | None = None


@dataclass
class Sample:
    """The last row of one gauge; `before` is the last different value it had."""

    dims: dict[str, str]
    minute: int
    value: Decimal | None
    n: int
    unit: str
    before: Decimal | None = None
    sources: list[Place] = field(default_factory=list)


@dataclass
class Canary:
    """A version that is rolled out to some subjects, weighed against the one before it, which runs in its shadow."""

    of: str  # hash of the version
    rang: int = 0  # alerts it raised
    stable: int = 0  # alerts that the version before would have raised of the same subjects
    back: bool = False  # it was taken back here: the version before is in force


@dataclass
class ScopeState:
    mode: Literal["wall", "driven"]
    recorded: int  # of the last fact, ms
    timezone: str  # that of `next_midnight`
    next_midnight: int  # the next daily sweep, ms
    employees: dict[str, Employee] = field(default_factory=dict)
    equipment: dict[str, Equipment] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    cited: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # opportunity → forecast → its line ids
    targets: dict[str, Target] = field(default_factory=dict)
    periods: dict[str, dict[str, None]] = field(default_factory=dict)  # period → forecast ids
    regions: dict[str, dict[str, None]] = field(default_factory=dict)  # period → regions sampled so far
    leads: dict[str, Lead] = field(default_factory=dict)
    opportunities: dict[str, Opportunity] = field(default_factory=dict)
    contracts: dict[str, Contract] = field(default_factory=dict)
    receivables: dict[str, Receivable] = field(default_factory=dict)
    tables: dict[str, TableState] = field(default_factory=dict)  # declared as data, by id
    dirty_rows: dict[str, dict[str, None]] = field(default_factory=dict)  # table → rows to look at
    days: dict[str, dict[str, dict[str, DaySum]]] = field(default_factory=dict)  # flow → dims → ISO day → sum
    rows_of: str = ""  # the measures with a value for each row
    minutes: dict[str, dict[str, dict[int, DaySum]]] = field(default_factory=dict)  # flow → dims → minute → sum
    passing: dict[int, dict[str, None]] = field(default_factory=dict)  # minute → flow|dims that change in it by time
    windows_of: str = ""  # the zone and the flows that `days` and `minutes` are made by
    dirty_windows: dict[str, None] = field(default_factory=dict)  # flow|dims
    tables_of: str = ""  # hash of their declarations
    dues: dict[str, dict[str, None]] = field(default_factory=dict)  # ISO day → receivables with a part due then
    buckets: dict[str, Bucket] = field(default_factory=dict)  # by measure and dims
    buckets_of: str = ""  # hash of the declarations they were made by
    buckets_zone: str = ""
    dirty_buckets: dict[str, list[Place]] = field(default_factory=dict)  # key of `buckets` → what changed it
    flows: dict[str, FlowRow] = field(default_factory=dict)
    gauges: dict[str, Sample] = field(default_factory=dict)
    dirty_flows: dict[str, None] = field(default_factory=dict)  # keys of `flows` to tell
    dirty_periods: dict[str, list[Place]] = field(default_factory=dict)  # period → what changed it
    touched: int = 0  # recorded time of the last fact that made something dirty
    only_backfill: bool = True  # of what is dirty
    recheck: bool = False  # the rules changed: judge all gauges again
    episodes: dict[str, Episode] = field(default_factory=dict)
    canaries: dict[str, Canary] = field(default_factory=dict)  # by rule id
    orphans: list[str] = field(default_factory=list)  # keys of episodes whose rule speaks of other subjects now
    faults: dict[str, Fault] = field(default_factory=dict)  # by rule id: those that erred
    seen: dict[str, Remembered] = field(default_factory=dict)  # by rule, subject and part; the last changed stands last
    shots: dict[str, Episode] = field(default_factory=dict)  # one-shot alerts that nobody acknowledged, by alert id
    clocks: dict[str, Watch] = field(default_factory=dict)  # by rule, subject and part
    heads: dict[str, dict[str, None]] = field(default_factory=dict)  # rule|first part of a subject → keys of `clocks`
    alarms: list[tuple[int, str]] = field(default_factory=list)  # a heap: (when, key of `clocks`); old ones may stand
    numbers: dict[str, int] = field(default_factory=dict)  # event type → how many of it rules have said
    acted: dict[str, Acted] = field(default_factory=dict)  # by rule
    adopted: str = ""  # the config by which tables, windows and buckets are made
    config_hash: str = ""  # the config whose broken and withdrawn rules were told
    wake: int = 0  # no tick before this ms has anything to do here


@dataclass
class State:
    """The whole state of one spine partition."""

    config: dict[str, Item] = field(default_factory=dict)  # kind/name → item
    config_hash: str = ""
    scopes: dict[str, ScopeState] = field(default_factory=dict)
    wake: int = 0  # no wall tick before this ms has anything to do on this partition


_adapter = TypeAdapter(State)


def new_state() -> State:
    return State()


def dump(state: State) -> bytes:
    """JSON; the same state gives the same bytes in every process."""
    return _adapter.dump_json(state)


def load(raw: bytes) -> State:
    """What `dump` wrote. Raises pydantic.ValidationError for anything else."""
    return _adapter.validate_json(raw)
