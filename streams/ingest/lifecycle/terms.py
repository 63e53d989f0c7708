"""Payment terms: shares that make a whole, and the instalments they cut an amount into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from sharedchain.core.localtime import local_day
from sharedchain.errors import Refused
from sharedchain.flow import Profile

_CENT = Decimal("0.01")
_FIRST, _LAST = date(1970, 1, 1), date(2299, 1, 1)  # days a due date can be: clocks and stores hold them
MOST = 1000  # instalments


class Term(NamedTuple):
    share: Decimal
    due: date


def agreed(said: Sequence[Mapping[str, Any]] | None, flow: Profile, signed_at: int, zone: str) -> list[Term]:
    """The terms as signed, else the flow's default ones, of which there may be none.

    Raises Refused(domain | missing_field).
    """
    if not said:
        day = local_day(signed_at, zone)
        return [Term(t.share, day + timedelta(days=t.days)) for t in flow.default_terms]
    if len(said) > MOST:
        raise Refused("domain", f"{len(said)} instalments, at most {MOST} are taken", "payment_terms")
    terms = [_term(index, term) for index, term in enumerate(said)]
    if (whole := sum((t.share for t in terms), Decimal(0))) != 1:
        raise Refused("domain", f"the shares add up to {whole}, they must make 1", "payment_terms", str(whole))
    return terms


def _term(index: int, said: Mapping[str, Any]) -> Term:
    for name in ("share", "due_date"):
        if said.get(name) is None:
            where = f"payment_terms[{index}].{name}"
            raise Refused("missing_field", f"opportunity.signed needs {where}", where)
    term = Term(said["share"], said["due_date"])
    if term.share <= 0:
        where = f"payment_terms[{index}].share"
        raise Refused("domain", f"{where} is {term.share}: a share is greater than 0", where, str(term.share))
    if not _FIRST <= term.due <= _LAST:
        where = f"payment_terms[{index}].due_date"
        raise Refused("domain", f"{where} is {term.due}: a day between {_FIRST} and {_LAST}", where, str(term.due))
    return term


def instalments(amount: Decimal, terms: Sequence[Term]) -> list[dict[str, Any]]:
    """The amount cut by the shares, half up to the cent; the last takes what is left, none is below
    zero, and together they are the amount exactly."""
    left, cut = amount, []
    for no, term in enumerate(terms, 1):
        part = left if no == len(terms) else min(left, (amount * term.share).quantize(_CENT, ROUND_HALF_UP))
        left -= part
        cut.append({"no": no, "share": term.share, "amount": part, "due_date": term.due})
    return cut
