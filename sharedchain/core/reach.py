"""For whom a rule applies: its scope, and the part of all subjects that it is rolled out to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sharedchain.core.paths import text_at
from sharedchain.core.rule import Rule
from sharedchain.core.shadow import base


def reaches(rule: Rule, variables: Mapping[str, Any], subject: str) -> bool:
    """Whether the rule looks at this subject. A path without a root is a dim of the measure."""
    for path, values in rule.scope.items():
        if text_at(variables, path if "." in path else f"metric.{path}") not in values:
            return False
    return rule.rollout >= 100 or share(rule.id, subject) < rule.rollout


def share(rule_id: str, subject: str) -> int:
    """0 … 99: the same for a rule and a subject in every process and every version; other rules draw others."""
    digest = hashlib.blake2b(f"{base(rule_id)}|{subject}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 100
