"""Dictionaries: the words that systems use, and the codes they mean."""

from __future__ import annotations

import pytest

from sharedchain.dictionary import Dictionary, load_dictionaries
from sharedchain.schemas import Catalog
from sharedchain.soundness import findings

WORDS = load_dictionaries()


@pytest.mark.parametrize("name", sorted(WORDS))
def test_a_dictionary_is_named_by_its_file_and_owned_by_a_role(name: str) -> None:
    assert WORDS[name].domain == name
    assert WORDS["role"].code(WORDS[name].owner_role) == WORDS[name].owner_role


@pytest.mark.parametrize("name", sorted(WORDS))
def test_every_label_and_code_means_its_own_code(name: str) -> None:
    for term in WORDS[name].terms:
        for word in (term.code, term.label_zh, term.label_en, f" {term.code.lower()} "):
            assert WORDS[name].code(word, "any system") == term.code


@pytest.mark.parametrize(
    ("domain", "word", "system", "code"),
    [
        ("opportunity_stage", "跟进中", "", "FOLLOWING"),
        ("opportunity_stage", "已立项", "", "PROJECT_APPROVED"),
        ("opportunity_stage", "评审中", "", "IN_REVIEW"),
        ("opportunity_stage", "投标", "", "BIDDING"),
        ("opportunity_stage", "赢单", "crm", "SIGNED"),
        ("opportunity_stage", "赢单", "erp", None),
        ("opportunity_stage", "谈判中", "crm", None),
        ("region", "巴西", "", "BR"),
        ("industry", "technolgy", "crm", "TECHNOLOGY"),
        ("currency", "RMB", "", "CNY"),
        ("currency", 7, "", None),
    ],
)
def test_words(domain: str, word: object, system: str, code: str | None) -> None:
    assert WORDS[domain].code(word, system) == code


def test_a_word_with_two_meanings_is_found() -> None:
    terms = [
        {"code": "A", "label_zh": "甲", "label_en": "a1", "synonyms": {"crm": ["same"]}},
        {"code": "B", "label_zh": "乙", "label_en": "b1", "synonyms": {"crm": ["Same "]}},
    ]
    torn = Dictionary.model_validate({"domain": "torn", "owner_role": "ops", "terms": terms})
    assert findings(Catalog({}, {}, {}), {"torn": torn}) == ["dictionary torn: 'Same ' means both A and B for crm"]
