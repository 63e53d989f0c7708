"""Mistakes a person makes in a dialect: each is found, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sharedchain.dialect import files, load
from sharedchain.errors import ConfigError
from sharedchain.schemas import Catalog

CATALOG = Catalog.load()
(CRM,) = (path for path in files() if path.stem == "crm")

MISTAKES = [
    ("type: opportunity.lost", "type: opportunity.gone", "no event type that anybody publishes"),
    ("type: opportunity.lost", "type: opportunity.created", "no event type that anybody publishes"),
    (
        "source_stage: deal_stage",
        "source_stge: deal_stage",
        "opportunity.opened has no field source_stge; did you mean source_stage?",
    ),
    (
        "customer_id: account\n",
        "customer_id: acount\n",
        "no column acount in sales_pipeline.csv; did you mean account?",
    ),
    (
        "file: products, by",
        "file: prices, by",
        "nothing stands under prices.sales_price; there is accounts, pipeline, products, teams",
    ),
    ("product: {words: product}", "product: {words: produkt}", "no table produkt under words; did you mean product?"),
    ("revenue: {left: no event carries it}", "revenue: {}", "column revenue is not used; say why it is left"),
    ("series: {}", "series: {left: so}", "column series is used; take `left` out"),
    ("when: {deal_stage: [Won]}", "if: {deal_stage: [Won]}", "unknown key if; "),
    ("reason: {value: UNKNOWN", "reason: {value: UNKNOWN, column: product", "exactly one"),
    ("id: crm", "id: crm\nid: crm", "stands twice"),
    ("source: crm\n", "sources: crm\n", "6:10: unknown key sources; did you mean source?"),
    ("source: crm\n", "", "key source is missing; add it"),
]


@pytest.mark.parametrize(("stands", "spoilt", "said"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(tmp_path: Path, stands: str, spoilt: str, said: str) -> None:
    text = CRM.read_text("utf-8")
    assert stands in text
    path = tmp_path / "crm.yaml"
    path.write_text(text.replace(stands, spoilt, 1), "utf-8")
    with pytest.raises(ConfigError) as error:
        load(path, CATALOG)
    assert said in str(error.value)
    assert all(finding.startswith(f"{path}:") for finding in error.value.findings)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.yaml", CATALOG)
