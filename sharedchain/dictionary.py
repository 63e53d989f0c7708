"""A dictionary: the codes of one domain, and the words that systems use for them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from sharedchain.errors import ConfigError
from sharedchain.schemas import data_root
from sharedchain.yamlfile import plain

ANY = "any"  # synonyms under this system are everybody's words


class Term(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    label_zh: str
    label_en: str
    synonyms: Mapping[str, list[str]] = {}


class Dictionary(BaseModel):
    """`schemas/dictionary/<domain>.yaml`, also the body of a `config.defined` of kind dictionary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    domain: str
    owner_role: str
    terms: list[Term]

    @cached_property
    def _words(self) -> dict[tuple[str, str], str]:
        words: dict[tuple[str, str], str] = {}
        for term in self.terms:
            for word in (term.code, term.label_zh, term.label_en):
                words[ANY, fold(word)] = term.code
            for system, synonyms in term.synonyms.items():
                words.update({(system, fold(word)): term.code for word in synonyms})
        return words

    def code(self, word: object, system: str = "") -> str | None:
        """The code of a word as `system` says it; None when nobody knows it."""
        if not isinstance(word, str):
            return None
        words, told = self._words, fold(word)
        return words.get((system, told)) or words.get((ANY, told))


def fold(word: str) -> str:
    """Words are equal without regard to case and surrounding space."""
    return word.strip().casefold()


def load_dictionaries(root: Path | None = None) -> dict[str, Dictionary]:
    """Every dictionary of `root`/schemas/dictionary. Raises ConfigError with all findings."""
    found: dict[str, Dictionary] = {}
    findings: list[str] = []
    for file in sorted((data_root(root) / "schemas" / "dictionary").glob("*.yaml")):
        try:
            read = Dictionary.model_validate(plain(file.read_text("utf-8")))
            found[read.domain] = read
        except (yaml.YAMLError, ValidationError) as error:
            findings.append(f"{file}: {error}")
    if findings:
        raise ConfigError(findings)
    return found
