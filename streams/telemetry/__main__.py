"""`python -m streams.telemetry --home DIR [--slot N]`: the same as `faust -A streams.telemetry.app worker`."""

from __future__ import annotations

from streams.command import hand_over


def main() -> None:
    hand_over("streams.telemetry.app", "python -m streams.telemetry", __doc__)


if __name__ == "__main__":
    main()
