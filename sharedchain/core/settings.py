"""What a tenant's config says; what holds when it says nothing."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, field_validator

from sharedchain.core.wording import Language


class Settings(BaseModel):
    """Config kind `tenant`. Unknown keys belong to other readers of the same item."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    mode: Literal["wall", "driven"] = "wall"
    timezone: str = "Asia/Shanghai"
    currency: str = "CNY"
    language: Language = "zh"
    calendar: str = ""  # of worked days, from rules/calendars; "" = Monday to Friday
    packs: tuple[str, ...] = ("default",)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{name!r} is no IANA time zone, as Asia/Shanghai") from None
        return name


DEFAULT = Settings()
