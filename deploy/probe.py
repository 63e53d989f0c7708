"""`python -m deploy.probe [URL]`: exit 0 if a program of ours says that it is well. Containers' health checks run it.

Without URL: /healthz at SHAREDCHAIN_METRICS_PORT of this machine.
"""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

_WAIT = 4.0  # seconds; a health check has five


def well(url: str) -> str:
    """Empty if `url` answers 2xx, else what is wrong with it."""
    try:
        with urllib.request.urlopen(url, timeout=_WAIT):
            return ""
    except urllib.error.HTTPError as error:
        return f"{url}: {error.code} {error.read(500).decode(errors='replace')}"
    except OSError as error:
        return f"{url}: {error}"


def main(said: list[str], env: dict[str, str]) -> int:
    url = said[0] if said else f"http://127.0.0.1:{env.get('SHAREDCHAIN_METRICS_PORT', '9400')}/healthz"
    if wrong := well(url):
        print(wrong, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
