"""The reference of the rule language names every key there is, in both languages."""

from __future__ import annotations

import re

import pytest

from sharedchain.core.columns import Column
from sharedchain.core.derivation import Derivation
from sharedchain.core.functions import FUNCTIONS
from sharedchain.core.on import Clock
from sharedchain.core.rule import Band, Rule
from sharedchain.core.ruleset import Pack
from sharedchain.core.sighted import Look
from tests.house.tree import ROOT

PAGES = ("docs/rules.md", "docs/rules.zh.md")
ELSEWHERE = {"type", "scale", "id", "version", "title"}  # of tables alone, or said in the first example


@pytest.mark.parametrize("page", PAGES)
def test_every_key_is_named(page: str) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", (ROOT / page).read_text("utf-8"))
    said = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    models = (Rule, Derivation, Look, Pack, Column, Band, Clock)
    keys = {info.alias or name for model in models for name, info in model.model_fields.items()}
    assert sorted((keys | set(FUNCTIONS) | {"distance_km", "percent"}) - ELSEWHERE - said) == []
