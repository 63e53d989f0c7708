"""Cases: a small engine over templates. It knows nodes, roles and limits, and not what a case is about."""

from __future__ import annotations

from typing import NamedTuple

from sharedchain.core.localtime import local_day
from sharedchain.errors import Refused
from sharedchain.fact import Fact
from streams.ingest.book import Book, Pages, key
from streams.ingest.lifecycle import evidence, profile, staff
from streams.ingest.lifecycle.entity import OPEN, entity, read
from streams.ingest.lifecycle.event import Said, Told

APPROVED, REJECTED = "APPROVED", "REJECTED"


class Node(NamedTuple):
    """A node as the template had it when the case was opened, and what became of it (milliseconds)."""

    id: str
    zh: str
    en: str
    role: str
    accountable: str
    limit: int
    after: list[str]
    evidence: list[str]
    started: int | None = None
    done: int | None = None
    decision: str = ""
    by: str = ""

    @property
    def approved(self) -> bool:
        return self.done is not None and self.decision != REJECTED


class Case(NamedTuple):
    """`end`: how it ends when every node was completed."""

    stage: str
    correlation: str
    owner: str
    template: str
    subject: str
    end: str
    opened: int
    last_by: str
    nodes: list[Node]

    def node(self, node_id: object) -> Node | None:
        return next((n for n in self.nodes if n.id == node_id), None)

    def changed(self, node: Node) -> Case:
        return self._replace(nodes=[node if n.id == node.id else n for n in self.nodes])

    @property
    def ready(self) -> list[Node]:
        """Nodes not yet started, all of whose predecessors are done."""
        done = {n.id for n in self.nodes if n.done is not None}
        return [n for n in self.nodes if n.started is None and done.issuperset(n.after)]


def find(book: Pages, scope: str, identity: object) -> Case | None:
    """None when nobody opened it."""
    value = read(book, "case", scope, identity)
    return Case(*value)._replace(nodes=[Node(*n) for n in value[-1]]) if value else None


def newest(book: Pages, scope: str, template: str, subject: str) -> str:
    """The case of a template that was opened last about a subject; empty when there is none."""
    return str(book.get(_about(scope, template, subject)) or "")


def check_open(book: Book, said: Said) -> None:
    """Raises Refused(domain): a template of the log, in the version that it has there."""
    template, version = said.data["template_id"], said.data.get("template_version")
    flow = profile.template(book, said.partition, template)
    if flow is None:
        told = f"no case template {template} in the log: publish schemas/flows/{template}.yaml, then this again"
        raise Refused("domain", told, "template_id", str(template))
    if version is not None and version != flow.version:
        told = f"template {template} is at version {flow.version}: name that one, or none"
        raise Refused("domain", told, "template_version", str(version))


def check_completion(book: Book, said: Said) -> None:
    """Raises Refused: a node of the case (domain), started and not done, of an open case (transition),
    with its evidence (evidence), by one who may (permission)."""
    case, data = _of(book, said), said.data
    node = case.node(data["node_id"])
    if node is None:
        told = f"{case.template} has no node {data['node_id']}: it has {', '.join(n.id for n in case.nodes)}"
        raise Refused("domain", told, "node_id", str(data["node_id"]))
    state = case.stage if case.stage != OPEN else node.decision or ("" if node.started is not None else "WAITING")
    if state:
        move = f"{state} → {data['decision']}"
        waits = [n for n in node.after if (found := case.node(n)) and found.done is None] if state == "WAITING" else []
        why = f"waits for {', '.join(waits)}" if waits else "is not open"
        raise Refused("transition", f"{move}: node {node.id} {why} in {data['case_id']}", "node_id", move)
    evidence.check(f"node {node.id}", node.evidence, data.get("evidence"))
    _check_right(book, said, node)


def _check_right(book: Pages, said: Said, node: Node) -> None:
    """Who holds the node's role, or answers for it, may; where nobody is known to, anybody may."""
    day = local_day(said.time, profile.zone(book, said.partition, said.scope))
    may = [p for role in (node.role, node.accountable) for p in staff.holders(book, said.scope, role, day)]
    if may and said.data["by"] not in may:
        told = f"{said.data['by']} is not {node.role}" + (f" or {node.accountable}" if node.accountable else "")
        raise Refused(
            "permission", f"{told}: node {node.id} is for {', '.join(sorted(set(may))[:5])}", "by", said.data["by"]
        )


def opened(book: Book, fact: Fact) -> None:
    """Fold: a copy of the template's nodes, which no later version of it changes."""
    data, flow = fact.data, profile.template(book, fact.partition, fact.data["template_id"])
    assert flow is not None, "it was there when the case was accepted"
    nodes = [
        Node(n.id, n.name.zh, n.name.en, n.role, n.accountable or "", n.limit, list(n.after), list(n.evidence))
        for n in flow.nodes
    ]
    found = Case(
        stage=OPEN,
        correlation=fact.correlation or fact.subject,
        owner=data.get("opened_by") or "",
        template=data["template_id"],
        subject=data["subject"],
        end=flow.good_end,
        opened=fact.time,
        last_by="",
        nodes=nodes,
    )
    _put(book, fact, found)
    book.put(_about(fact.scope, found.template, found.subject), data["case_id"])


def start(book: Book, fact: Fact) -> list[Told]:
    """The nodes that wait for nobody."""
    return _starts(book, fact, _of(book, fact))


def go_on(book: Book, fact: Fact) -> list[Told]:
    """After a completed node: the nodes that waited for it, or the end."""
    case = _of(book, fact)
    if fact.data["decision"] == REJECTED:
        return [_end(fact, case, REJECTED)]
    if all(n.done is not None for n in case.nodes):
        return [_end(fact, case, case.end)]
    return _starts(book, fact, case)


def _starts(book: Pages, fact: Fact, case: Case) -> list[Told]:
    told = []
    for node in case.ready:
        since = max([case.opened, *(n.done or 0 for n in case.nodes if n.id in node.after)])
        day = local_day(since, profile.zone(book, fact.partition, fact.scope))
        data = {
            "case_id": fact.data["case_id"],
            "template_id": case.template,
            "node_id": node.id,
            "name_zh": node.zh,
            "name_en": node.en,
            "role": node.role,
            "responsible_id": staff.first(book, fact.scope, node.role, day),
            "accountable_id": staff.first(book, fact.scope, node.accountable, day),
            "started_at": since,
            "due_at": since + node.limit,
        }
        told.append(Told("case.node.started", data))
    return told


def _end(fact: Fact, case: Case, outcome: str) -> Told:
    done = [n for n in case.nodes if n.done is not None]
    closed = max([case.opened, *(n.done or 0 for n in done)])
    data = {
        "case_id": fact.data["case_id"],
        "template_id": case.template,
        "subject": case.subject,
        "outcome": outcome,
        "opened_at": case.opened,
        "closed_at": closed,
        "duration_min": (closed - case.opened) // 60_000,
        "nodes_on_time": sum((n.done or 0) <= (n.started or 0) + n.limit for n in done),
        "nodes_total": len(done),
    }
    return Told("case.closed", data)


def started(book: Book, fact: Fact) -> None:
    """Fold a node's start."""
    case = _of(book, fact)
    if node := case.node(fact.data["node_id"]):
        _put(book, fact, case.changed(node._replace(started=fact.data["started_at"])))


def completed(book: Book, fact: Fact) -> None:
    """Fold a node's completion."""
    case, data = _of(book, fact), fact.data
    if node := case.node(data["node_id"]):
        now = node._replace(done=fact.time, decision=data["decision"], by=data["by"])
        _put(book, fact, case.changed(now)._replace(last_by=data["by"]))


def closed(book: Book, fact: Fact) -> None:
    """Fold the end."""
    _put(book, fact, _of(book, fact)._replace(stage=fact.data["outcome"]))


def _of(book: Pages, said: Said) -> Case:
    found = find(book, said.scope, said.data["case_id"])
    assert found is not None, "its parent is known"
    return found


def _put(book: Book, said: Said, case: Case) -> None:
    book.put(entity("case", said.scope, said.data["case_id"]), case)


def _about(scope: str, template: str, subject: str) -> str:
    return key("newest", scope, template, subject)
