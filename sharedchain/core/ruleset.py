"""All config items compiled: what the fold asks on every fact. Immutable, cached by hash, outside the state."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import Template

from sharedchain.core import lookup, rowvalues, tables, windows
from sharedchain.core.action import compile_actions
from sharedchain.core.aggregates import NO_ENTITIES, Declared, declare
from sharedchain.core.calendar import Calendar, Days, resolved
from sharedchain.core.derivation import Derivation, rings
from sharedchain.core.measures import Measure, ordered
from sharedchain.core.names import usable
from sharedchain.core.prepared import (
    UNASKED,
    Conditions,
    Prepared,
    ReadyDerivation,
    conditions,
    digest,
    lets,
    picks,
    remembered,
    roots,
)
from sharedchain.core.prepared import prepare as prepare_derivation
from sharedchain.core.routes import NOBODY, Routes
from sharedchain.core.rule import Clear, OnClock, OnEvent, OnMeasure, Rule, Stop, When
from sharedchain.core.settings import DEFAULT, Settings
from sharedchain.core.shadow import shadowed
from sharedchain.core.sighted import Command, Sighted
from sharedchain.core.state import Item, State
from sharedchain.core.table import Table
from sharedchain.core.texts import compile_text
from sharedchain.core.wording import Language, Model

STALE_MEASURE, STALE_DAYS = "M-15", 10
_CACHE: dict[str, Ruleset] = {}
# Whatever the text of an item can cause: it is left out and told, the rest goes on.
_REFUSED = (ValueError, RuntimeError, ArithmeticError, LookupError, TypeError, AttributeError)
_KEPT = 8  # compiled sets: all partitions of a process share one


class Pack(Model):
    """A named list of rules and derivations that tenants switch on together."""

    id: str
    title: Mapping[Language, str] = {}
    rules: tuple[str, ...] = ()
    derivations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready(Prepared):
    """One compiled rule."""

    rule: Rule
    texts: Mapping[Language, tuple[Template, Template]] = field(default_factory=dict)  # language → title, text
    guards: Conditions = UNASKED  # of `if`
    clears: tuple[tuple[Clear, Conditions], ...] = ()
    stops: tuple[tuple[Stop, Conditions], ...] = ()  # of a clock
    releases: bool = False  # a band has one: what held before matters
    alone: bool = False  # it judges an event by nothing but that event


@dataclass(frozen=True, slots=True)
class Enabled:
    """The rules and derivations that a tenant's packs switch on, by what they look at."""

    by_event: Mapping[str, tuple[Ready, ...]]
    by_clear: Mapping[str, tuple[tuple[Ready, Clear, Conditions], ...]]
    by_measure: Mapping[tuple[str, tuple[str, ...]], tuple[Ready, ...]]
    by_start: Mapping[str, tuple[Ready, ...]]
    by_stop: Mapping[str, tuple[tuple[Ready, Stop, Conditions], ...]]
    by_id: Mapping[str, Ready]
    stale_days: int  # the age at which the first rule on M-15 speaks
    derive: Mapping[str, tuple[ReadyDerivation, ...]] = field(default_factory=dict)  # by event type
    derivations: Mapping[str, ReadyDerivation] = field(default_factory=dict)  # by id

    def named(self, id_: str) -> Sighted | None:
        """The rule or derivation of this id."""
        found = self.by_id.get(id_) or self.derivations.get(id_)
        return found.rule if found else None


@dataclass(frozen=True, eq=False)
class Ruleset:
    measures: tuple[Measure, ...]  # each behind those it is computed of
    rules: Mapping[str, Ready]
    packs: Mapping[str, Pack]
    routes: Routes
    tenants: Mapping[str, Settings]
    flows: Mapping[str, tuple[Measure, ...]]  # by event type; "*" those that count everything, and any other type
    broken: Mapping[str, str]  # kind/name → why it was left out
    owners: Mapping[str, str] = field(default_factory=dict)  # of those that are broken, as far as it can be read
    shadows: Mapping[str, Ready] = field(default_factory=dict)  # by the id of the rule in whose shadow they run
    over: Declared = NO_ENTITIES  # the gauges that aggregate entities
    tables: tables.Declared = tables.NO_TABLES
    rowed: rowvalues.Rowed = rowvalues.NO_ROWS
    windowed: windows.Windowed = windows.NO_WINDOWS
    looks: Mapping[str, lookup.Table] = field(default_factory=lambda: lookup.TABLES)  # what `with` may name
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    befores: Mapping[str, Ready] = field(default_factory=dict)  # the versions that canaries are weighed against
    derivations: Mapping[str, ReadyDerivation] = field(default_factory=dict)
    commanded: frozenset[str] = frozenset()  # types that come back through ingest
    _enabled: dict[tuple[tuple[str, ...], tuple[str, ...]], Enabled] = field(default_factory=dict)
    _days: dict[str, Days] = field(default_factory=dict)

    def settings(self, scope: str) -> Settings:
        return self.tenants.get(scope, DEFAULT)

    def days(self, calendar: str) -> Days:
        """Which days are worked by a calendar."""
        if calendar not in self._days:
            self._days[calendar] = resolved(self.calendars, calendar)
        return self._days[calendar]

    def enabled(self, packs: tuple[str, ...], back: tuple[str, ...] = ()) -> Enabled:
        """The rules of these packs; of those in `back` the version before. Computed once per combination."""
        found = self._enabled.get((packs, back))
        if found is None:
            found = self._enabled[packs, back] = self._choose(packs, back)
        return found

    def listed(self, packs: tuple[str, ...]) -> set[str]:
        """The rules that these packs name, whether they load or not."""
        return {id_ for name in packs if name in self.packs for id_ in self.packs[name].rules}

    def _choose(self, packs: tuple[str, ...], back: tuple[str, ...]) -> Enabled:
        wanted = sorted(self.listed(packs))
        live = {id_: (self.befores if id_ in back else self.rules)[id_] for id_ in wanted if id_ in self.rules}
        weighed = [self._stable(id_) for id_ in wanted if id_ in self.befores and id_ in live and id_ not in back]
        shadows = [*weighed, *(self.shadows[id_] for id_ in wanted if id_ in self.shadows)]
        ready = live | {one.rule.id: one for one in shadows}
        events: dict[str, list[Ready]] = {}
        ends: dict[str, list[tuple[Ready, Clear, Conditions]]] = {}
        gauges: dict[tuple[str, tuple[str, ...]], list[Ready]] = {}
        starts: dict[str, list[Ready]] = {}
        stops: dict[str, list[tuple[Ready, Stop, Conditions]]] = {}
        for one in ready.values():
            match one.rule.on:
                case OnEvent(event=types):
                    for type_ in types:
                        events.setdefault(type_, []).append(one)
                case OnClock(clock=clock):
                    for type_ in clock.start:
                        starts.setdefault(type_, []).append(one)
                case OnMeasure(measure=measure, dims=dims):
                    gauges.setdefault((measure, dims), []).append(one)
            for clear, asked in one.clears:
                for type_ in clear.event:
                    ends.setdefault(type_, []).append((one, clear, asked))
            for stop, asked in one.stops:
                for type_ in stop.event:
                    stops.setdefault(type_, []).append((one, stop, asked))
        deriving = self._deriving(packs)
        derive: dict[str, list[ReadyDerivation]] = {}
        for derivation in deriving.values():
            for type_ in derivation.rule.on.event:
                derive.setdefault(type_, []).append(derivation)
        return Enabled(
            {k: tuple(v) for k, v in events.items()},
            {k: tuple(v) for k, v in ends.items()},
            {k: tuple(v) for k, v in gauges.items()},
            {k: tuple(v) for k, v in starts.items()},
            {k: tuple(v) for k, v in stops.items()},
            ready,
            _stale_days(live.values()),
            {k: tuple(v) for k, v in derive.items()},
            deriving,
        )

    def _deriving(self, packs: tuple[str, ...]) -> dict[str, ReadyDerivation]:
        wanted = {id_ for name in packs if name in self.packs for id_ in self.packs[name].derivations}
        return {id_: self.derivations[id_] for id_ in sorted(wanted) if id_ in self.derivations}

    def _stable(self, id_: str) -> Ready:
        """The version before a canary, in its shadow, over the same subjects."""
        before, canary = self.befores[id_], self.rules[id_].rule
        reach = {"rollout": canary.rollout, "scope": canary.scope}
        return replace(before, rule=shadowed(before.rule).model_copy(update=reach))


def ruleset(state: State) -> Ruleset:
    """The compiled form of the config that the log told so far."""
    found = _CACHE.get(state.config_hash)
    if found is None:
        while len(_CACHE) >= _KEPT:
            del _CACHE[next(iter(_CACHE))]
        found = _CACHE[state.config_hash] = _compile(state.config)
    return found


def config_hash(config: Mapping[str, Item]) -> str:
    """One name for the whole config: equal items, equal hash, whatever order they came in."""
    said = "\n".join(f"{key} {config[key].hash}" for key in sorted(config))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def prepare(rule: Rule) -> Ready:
    """Compile one rule's conditions and texts. Raises ValueError."""
    texts = {lang: (compile_text(said.title), compile_text(said.text)) for lang, said in sorted(rule.texts.items())}
    names = roots(rule)
    return Ready(
        rule,
        conditions(rule.when, names),
        texts=texts,
        guards=conditions(When(all=rule.if_), names),
        looks=lookup.ordered(rule.with_),
        columns=remembered(rule),
        columns_of=digest(rule),
        lets=lets(rule, names),
        clears=tuple((clear, conditions(clear.when)) for clear in rule.clear),
        stops=tuple((stop, conditions(stop.when)) for stop in _stops(rule)),
        actions=compile_actions(rule, names),
        picks=picks(rule),
        releases=any(band.release is not None for band in rule.bands),
        alone=not (rule.each or rule.with_ or rule.seen or rule.let or rule.history),
    )


def _stops(rule: Rule) -> tuple[Stop, ...]:
    return rule.on.clock.stop if isinstance(rule.on, OnClock) else ()


@lru_cache(maxsize=2048)
def _prepared(body: str) -> Ready:
    """Rules are compiled once, however often other items of the config change."""
    return prepare(_model(Rule, body))


@lru_cache(maxsize=256)
def _prepared_derivation(body: str) -> ReadyDerivation:
    return prepare_derivation(_model(Derivation, body))


@lru_cache(maxsize=256)
def _prepared_table(body: str) -> tables.ReadyTable:
    return tables.prepare(_model(Table, body))


def _compile(config: Mapping[str, Item]) -> Ruleset:
    """Items that do not load are left out and named: `rules check` refuses them before they are published."""
    broken: dict[str, str] = {}
    declared = tables.declare(_tables(config, broken))
    measures = {m.id: m for _, m in _models(config, "measure", Measure, broken)}
    try:
        chain = ordered(usable(measures, broken, {id_: ready.table for id_, ready in declared.by_id.items()}))
    except ValueError as error:
        broken["measure"] = str(error)
        chain = []
    looks = {**{id_: lookup.declared(ready) for id_, ready in declared.by_id.items()}, **lookup.TABLES}
    rules = dict(_rules(config, "rule", looks, broken))
    shadows = {id_: replace(one, rule=shadowed(one.rule)) for id_, one in _rules(config, "shadow", looks, broken)}
    derivations = _derivations(config, looks, broken)
    routes = dict(_models(config, "route", Routes, broken))
    flows: dict[str, list[Measure]] = {}
    for measure in chain:
        for type_ in measure.count.events if measure.count else ():
            flows.setdefault(type_, []).append(measure)
    return Ruleset(
        measures=tuple(chain),
        rules=rules,
        shadows=shadows,
        befores=dict(_rules(config, "before", looks, broken)),
        packs={pack.id: pack for _, pack in _models(config, "pack", Pack, broken)},
        routes=routes.get("route/routes", NOBODY),
        tenants={key.partition("/")[2]: one for key, one in _models(config, "tenant", Settings, broken)},
        flows={type_: (*found, *(flows.get("*", ()) if type_ != "*" else ())) for type_, found in flows.items()},
        broken=broken,
        owners={key: _owner(config[key].body) for key in broken if key in config},
        over=declare(chain, declared),
        tables=declared,
        rowed=rowvalues.declare(_rows(chain, declared, broken)),
        windowed=windows.declare(chain),
        looks=looks,
        calendars={one.id: one for _, one in _models(config, "calendar", Calendar, broken)},
        derivations=derivations,
        commanded=_commanded([*rules.values(), *derivations.values()]),
    )


def _commanded(ready: Iterable[Prepared]) -> frozenset[str]:
    every = (action for one in ready for action in one.rule.action)
    return frozenset(action.command for action in every if isinstance(action, Command))


def _derivations(
    config: Mapping[str, Item], looks: Mapping[str, lookup.Table], broken: dict[str, str]
) -> dict[str, ReadyDerivation]:
    """Those that compile, look into what is there, and do not feed themselves."""
    found: dict[str, ReadyDerivation] = {}
    for key, one in _models(config, "derivation", Derivation, broken):
        try:
            ready = _prepared_derivation(config[key].body)
        except _REFUSED as error:
            broken[key] = str(error)
            continue
        strange = _strange(one, looks)
        if strange:
            broken[key] = strange
        else:
            found[one.id] = ready
    for id_ in rings([ready.rule for ready in found.values()]):
        del found[id_]
        broken[f"derivation/{id_}"] = "feeds itself: what it says leads back to what it looks at"
    return found


def _strange(one: Sighted, looks: Mapping[str, lookup.Table]) -> str:
    """What is wrong with the tables it looks into; "" for nothing."""
    strange = next((look.entity for look in one.with_.values() if look.entity not in looks), "")
    return f"`with` looks into {strange}, which no file declares" if strange else ""


def _rows(chain: Iterable[Measure], declared: tables.Declared, broken: dict[str, str]) -> Iterator[rowvalues.ReadyRow]:
    for measure in chain:
        try:
            if measure.row is not None:
                yield rowvalues.prepare(measure, declared)
        except ValueError as error:
            broken[f"measure/{measure.id}"] = str(error)


def _tables(config: Mapping[str, Item], broken: dict[str, str]) -> list[tables.ReadyTable]:
    """Those that compile, and whose `with` looks into what is there."""
    found: dict[str, tables.ReadyTable] = {}
    for key, _ in _models(config, "table", Table, broken):
        try:
            ready = _prepared_table(config[key].body)
            found[ready.table.id] = ready
        except _REFUSED as error:
            broken[key] = str(error)
    for id_, ready in found.items():
        for look in ready.table.with_.values():
            if look.entity not in found and look.entity not in lookup.TABLES:
                broken[f"table/{id_}"] = f"`with` looks into {look.entity}, which no file declares"
    return [ready for id_, ready in found.items() if f"table/{id_}" not in broken]


def _rules(
    config: Mapping[str, Item], kind: str, looks: Mapping[str, lookup.Table], broken: dict[str, str]
) -> Iterator[tuple[str, Ready]]:
    for key, rule in _models(config, kind, Rule, broken):
        strange = _strange(rule, looks)
        try:
            ready = _prepared(config[key].body)
        except _REFUSED as error:
            broken[key] = str(error)
            continue
        if strange:
            broken[key] = strange
        else:
            yield rule.id, ready


def _models(config: Mapping[str, Item], kind: str, model: Any, broken: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for key in sorted(config):
        if not key.startswith(kind + "/"):
            continue
        try:
            yield key, _model(model, config[key].body)
        except _REFUSED as error:
            broken[key] = str(error)


@lru_cache(maxsize=4096)
def _model(model: Any, body: str) -> Any:
    """Items are read once, however often others change: a set of rules comes item by item."""
    return model.model_validate(json.loads(body, parse_float=Decimal))


def _owner(body: str) -> str:
    """The owner that the text of a broken item names; operations if it names nobody."""
    try:
        found = re.fullmatch(r"role:[a-z_]+", str(json.loads(body)["owner"]))
    except _REFUSED:
        return "role:ops"
    return found[0] if found else "role:ops"


def _stale_days(ready: Any) -> int:
    marks = [
        int(band.over)
        for one in ready
        if isinstance(one.rule.on, OnMeasure) and one.rule.on.measure == STALE_MEASURE
        for band in one.rule.bands
        if band.over is not None
    ]
    return min(marks, default=STALE_DAYS)
