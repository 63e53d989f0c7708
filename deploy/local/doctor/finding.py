"""What the doctor says of one thing: a key of `words`, and the values that go into its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from deploy.local.doctor.meanings import MEANINGS
from deploy.local.doctor.words import WORDS
from sharedchain.display import Language


@dataclass(frozen=True)
class Finding:
    """`key` is `check.outcome`; the outcome `ok` is a good one, every other says what it means for the
    business and how to mend it."""

    key: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def check(self) -> str:
        return self.key.partition(".")[0]

    @property
    def ok(self) -> bool:
        return self.key.endswith(".ok")

    def found(self, lang: Language = "en") -> str:
        return self._text(self.key, lang)

    def means(self, lang: Language = "en") -> str:
        """Empty where nothing is wrong."""
        return "" if self.ok else MEANINGS[self.key][0 if lang == "zh" else 1]

    def mend(self, lang: Language = "en") -> str:
        """Empty where nothing is wrong."""
        return "" if self.ok else self._text(f"{self.key}.mend", lang)

    def line(self, lang: Language = "en") -> str:
        mark = ("好 ", "坏 ") if lang == "zh" else ("ok ", "BAD")
        text = f"{mark[not self.ok]} {self._text(self.check, lang)}: {self.found(lang)}"
        return text if self.ok else f"{text}\n    = {self.means(lang)}\n    → {self.mend(lang)}"

    def record(self, lang: Language = "en") -> dict[str, Any]:
        """For machines: `what` and the outcome never change, the texts may."""
        said = {"ok": self.ok, "what": self.check, "outcome": self.key.partition(".")[2]}
        return said | {"found": self.found(lang), "means": self.means(lang), "mend": self.mend(lang)}

    def _text(self, key: str, lang: Language) -> str:
        return WORDS[key][0 if lang == "zh" else 1].format_map(self.values)
