"""Dictionaries: the words that systems use, and the codes they mean."""

from __future__ import annotations

import pytest

from sharedchain.dictionary import Dictionary, load_dictionaries
from sharedchain.schemas import Catalog, data_root
from sharedchain.soundness import findings

WORDS = load_dictionaries()


def test_a_dictionary_is_named_by_its_file_and_owned_by_a_role() -> None:
    files = (data_root() / "schemas" / "dictionary").glob("*.yaml")
    assert {name: words.domain for name, words in WORDS.items()} == {name: name for name in (f.stem for f in files)}
    for words in WORDS.values():
        assert WORDS["role"].code(words.owner_role) == words.owner_role, words.domain


def test_every_label_and_code_means_its_own_code() -> None:
    for name, words in WORDS.items():
        for term in words.terms:
            for word in (term.code, term.label_zh, term.label_en, f" {term.code.lower()} "):
                assert words.code(word, "any system") == term.code, f"{name}: {word}"


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
