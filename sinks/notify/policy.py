"""How often, and whom not: `policy.yaml`. Who is told at all is decided by rules/routes.yaml, in the engine."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from sharedchain.errors import ConfigError
from sharedchain.yamlfile import plain
from sinks.notify.delivery import Delivery

FILE = Path(__file__).parent / "policy.yaml"


class Mute(BaseModel):
    """Silence until a moment on the alert's own clock; an empty word matches everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule_id: str = ""
    subject: str = ""
    channel: str = ""
    recipient: str = ""
    until: AwareDatetime
    reason: str = Field(min_length=1)

    def covers(self, delivery: Delivery) -> bool:
        """Lamps are not muted: they show a state, they tell no one."""
        data = delivery.alert.data
        said = (data["rule_id"], data["subject"], delivery.channel, delivery.recipient)
        wanted = (self.rule_id, self.subject, self.channel, self.recipient)
        early = delivery.alert.recorded < self.until.timestamp() * 1000
        return early and delivery.channel != "LIGHT" and all(w in ("", s) for w, s in zip(wanted, said, strict=True))


class Policy(BaseModel):
    """`each_minute`: messages by channel to one recipient, beyond which they are told together."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(ge=1, le=100)
    each_minute: dict[str, int]
    mutes: tuple[Mute, ...] = ()


def read_policy(file: Path = FILE) -> Policy:
    """Raises ConfigError with every finding."""
    try:
        return Policy.model_validate(plain(file.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise ConfigError([f"{file}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]) from None
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError([f"{file}: cannot be read: {error}"]) from None
