"""The count at the end of `rules test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedchain import rulefiles
from sharedchain.errors import ConfigError
from sharedchain.rulecount import WAITING, count, waiting
from tests.rules.test_rulecheck import root

__all__ = ["root"]


def test_live_observed_and_waiting(root: Path) -> None:
    observed = root / "rules/sales/R-02.yaml"
    observed.write_text(observed.read_text().replace("mode: suggest", "mode: observe"))
    (root / WAITING).write_text("- {id: R-99, reason: nobody publishes it}\n")
    (root / "rules/packs/default.yaml").write_text("id: default\nrules: [R-01, R-02]\n")
    for pack in (root / "rules/packs").glob("*.yaml"):
        if pack.stem != "default":
            pack.unlink()
    found = count(rulefiles.load(root))
    assert (found.live, found.observed, found.waiting) == (("R-01",), ("R-02",), ("R-99",))
    assert "R-03" in found.idle
    assert min(found.firing, found.quiet, found.edge) >= 12


@pytest.mark.parametrize(
    ("text", "said"), [("R-99: x\n", "a list of {id, reason}"), ("- {id: R-01, reason: x}\n", "R-01 has a file")]
)
def test_a_list_that_is_wrong_is_refused(root: Path, text: str, said: str) -> None:
    (root / WAITING).write_text(text)
    with pytest.raises(ConfigError, match=said):
        waiting(rulefiles.load(root))
