"""Cases with their nodes, forecasts that cite an opportunity, alerts with whom they were told."""

from __future__ import annotations

from gateway import side
from gateway.kin import chains, read
from gateway.trail import Clock
from tests.gateway.lead_to_cash import Log, _approval, alert, ms, quarter, told

CLOCK = Clock(ms("05-05 23:59"), "Asia/Shanghai")
CN = [one for one in read(quarter().rows) if one.type.startswith("forecast.")]


def test_a_case_names_who_was_responsible_and_whether_in_time() -> None:
    (case,) = side.cases(chains(read(quarter().rows), ["OPP-0001"])[0], CLOCK)
    assert (case.case_id, case.outcome, case.seconds) == ("CA-0001", "APPROVED", 9 * 3600)
    assert [(n.node_id, n.responsible_id, n.decision, n.seconds, n.within_limit) for n in case.nodes] == [
        ("legal", "E081", "APPROVED", 6 * 3600, True),
        ("finance", "E050", "APPROVED", 9 * 3600, True),
    ]
    assert case.nodes[0].completed is not None


def test_a_node_done_after_its_limit_is_late_and_an_open_one_is_judged_by_now() -> None:
    log = Log()
    _approval(log, "CA-1", "OPP-1", "L", "04-27 09:00", legal="04-28 09:01")
    facts = read(log.rows)
    legal, finance = side.cases(facts, Clock(ms("04-28 09:00"), "Asia/Shanghai"))[0].nodes
    assert (legal.within_limit, finance.within_limit, finance.completed_at) == (False, None, None)
    later = side.cases(facts, Clock(ms("04-28 09:01"), "Asia/Shanghai"))[0].nodes[1]
    assert later.within_limit is False


def test_a_limit_behind_the_calendar_stands_at_its_end() -> None:
    log = Log()
    cause = log.add("04-27 09:00", "case.opened", "CA-1", "L", case_id="CA-1", template_id="CA", opened_by="E010")
    said = {"case_id": "CA-1", "node_id": "legal", "started_at": ms("04-27 09:00"), "due_at": 10**18}
    log.then("04-27 09:00", "case.node.started", "CA-1", cause, "L", **said)
    (node,) = side.cases(read(log.rows), CLOCK)[0].nodes
    assert (node.due_at, node.within_limit) == ("9999-12-31T23:59:59.999Z", None)


def test_a_forecast_is_told_from_its_first_version_that_cites_to_the_one_that_drops() -> None:
    (one,) = side.forecasts(CN, ["OPP-0004"], CLOCK)
    assert [(c.version, c.line_id, c.amount) for c in one.citations] == [(1, "L2", "12000000.00"), (2, "", None)]
    assert [(mark.type, mark.said["cause"]) for mark in one.marks] == [("forecast.line.unsupported", "LOST")]
    (other,) = side.forecasts(CN, ["OPP-0003"], CLOCK)
    assert [c.line_id for c in other.citations] == ["L1", "L1"]
    assert other.marks == ()
    assert side.forecasts(CN, ["OPP-0001"], CLOCK) == ()


def test_an_alert_tells_its_life_and_who_heard_of_it_by_which_channel() -> None:
    opened = "04-20 10:01"
    rows = [
        alert("a", "R-03", "2026Q2", opened, opened, "raised", title_en="below", value_text="89.00 %"),
        alert("a", "R-03", "2026Q2", opened, "05-02 11:01", "escalated", severity="RED"),
        alert("b", "R-20", "AR-0001/1", "05-04 00:00", "05-04 00:00", "raised"),
        alert("b", "R-20", "AR-0001/1", "05-04 00:00", "05-05 10:00", "resolved"),
    ]
    first, second = side.alerts(rows, [told("a", "raised", "E010", "EMAIL")], CLOCK)
    assert (first.severity_raised, first.severity, first.state) == ("YELLOW", "RED", "open")
    assert (first.escalated_local[5:16], first.value_text) == ("05-02 11:01", "89.00 %")
    assert [(one.recipient, one.channel) for one in first.told] == [("E010", "EMAIL")]
    assert (second.state, second.seconds, second.told) == ("resolved", 34 * 3600, ())
