"""What a lane can be told: by the command line, else by the environment, else these defaults."""

from __future__ import annotations

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from SHAREDCHAIN_INGEST_<NAME>. Times in milliseconds."""

    model_config = SettingsConfigDict(env_prefix="SHAREDCHAIN_INGEST_", extra="ignore", frozen=True)

    tick: int = 1000  # between wall ticks
    batch: int = 2000  # records a transaction, at most
    stuck: int = 60_000  # that a record may wait unread before the lane ends, for a successor to read it
    skew: int = 5000  # how far our clock may be from the broker's
    resume: str = ""  # «topic/partition,…» or «all»: partitions that the breaker stopped and may go on
