"""Against a Maven repository of one file, on loopback."""

import functools
import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import jars
from sharedchain.errors import ConnectionFailed

CONTENT = b"a jar"
PLACE = "org/example/thing/1.0/thing-1.0.jar"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file as the repository serves it; the lock names its sha256, the cache is empty."""
    served, locks = tmp_path / "repository" / PLACE, tmp_path / "locks"
    served.parent.mkdir(parents=True)
    served.write_bytes(CONTENT)
    locks.mkdir()
    (locks / "thing.lock").write_text(f"org.example:thing:jar::1.0 {hashlib.sha256(CONTENT).hexdigest()}\n")
    handler = functools.partial(_Quiet, directory=tmp_path / "repository")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setattr(jars, "_LOCKS", locks)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        monkeypatch.setenv("SHAREDCHAIN_MAVEN", f"http://127.0.0.1:{server.server_port}")
        yield served
        server.shutdown()


def test_fetches_once(repository: Path) -> None:
    [file] = jars.fetch("thing")
    repository.unlink()
    assert jars.fetch("thing") == [file]
    assert file.read_bytes() == CONTENT


def test_a_broken_file_in_the_cache_is_fetched_anew(repository: Path) -> None:
    [file] = jars.fetch("thing")
    file.write_bytes(CONTENT[:2])
    assert jars.fetch("thing")[0].read_bytes() == CONTENT


def test_what_the_lock_does_not_name_is_never_used(repository: Path) -> None:
    repository.write_bytes(b"another jar")
    with pytest.raises(ConnectionFailed, match="the lock says"):
        jars.fetch("thing")
    assert not list(jars.cache_dir().rglob("*.jar"))


def test_without_cache_and_repository_it_says_what_to_do(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHAREDCHAIN_MAVEN", "http://127.0.0.1:9")
    with pytest.raises(ConnectionFailed, match="SHAREDCHAIN_MAVEN"):
        jars.fetch("thing")


def test_the_cache_needs_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME", raising=False)
    assert jars.cache_dir().is_absolute()
