"""`python -m streams --home DIR [--slot N]`: the same worker as `faust -A streams.app worker`."""

from __future__ import annotations

from streams.command import hand_over


def main() -> None:
    hand_over("streams.app", "python -m streams", __doc__)


if __name__ == "__main__":
    main()
