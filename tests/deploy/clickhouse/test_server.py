"""What is particular to the embedded server: its HTTP, its life and its death."""

from __future__ import annotations

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from deploy.local.clickhouse.__main__ import main
from tests.deploy.clickhouse.launch import ROOT, Address, Launched, command, launch, wait_for

pytestmark = pytest.mark.slow  # a real ClickHouse behind the real door


def test_a_running_query_id_is_refused(embedded: Launched) -> None:
    with socket.create_connection((embedded.owner.host, embedded.owner.port)) as peer:
        peer.sendall(embedded.owner.raw(b"SELECT number FROM system.numbers", "/?query_id=twin"))
        assert peer.recv(20).startswith(b"HTTP/1.1 200")
        assert embedded.owner.post("SELECT 1", query_id="twin").code == 216
    wait_for(lambda: embedded.owner.post("SELECT 1", query_id="twin").body == b"1\n")


def test_a_silent_query_ends_with_its_client(embedded: Launched) -> None:
    owner = embedded.owner
    running = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'silent'"
    with socket.create_connection((owner.host, owner.port)) as peer:
        peer.sendall(owner.raw(b"SELECT count() FROM system.numbers", "/?query_id=silent"))
        wait_for(lambda: owner.post(running).body == b"1\n")
    wait_for(lambda: owner.post(running).body == b"0\n")


def test_a_clients_words_cannot_forge_headers(embedded: Launched) -> None:
    answer = embedded.owner.post("SELECT 1", query_id="a\r\nX-Forged: 1\r\n\r\nbody")
    assert (answer.body, "x-forged" in answer.headers) == (b"1\n", False)
    assert embedded.owner.post("SELECT 1", default_format="TSV INTO OUTFILE").code == 73


def test_a_client_that_waits_for_100_is_told_to_go_on(embedded: Launched) -> None:
    with socket.create_connection((embedded.owner.host, embedded.owner.port), timeout=5) as peer:
        peer.sendall(embedded.owner.raw(b"", length=8, more="Expect: 100-continue\r\n"))
        assert peer.recv(100).startswith(b"HTTP/1.1 100 ")
        peer.sendall(b"SELECT 1")
        assert peer.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_http_1_0_gets_a_length(embedded: Launched) -> None:
    with socket.create_connection((embedded.owner.host, embedded.owner.port), timeout=20) as peer:
        peer.sendall(embedded.owner.raw(b"SELECT number FROM numbers(500000)").replace(b"HTTP/1.1", b"HTTP/1.0"))
        whole = b"".join(iter(lambda: peer.recv(1 << 20), b""))
    head_bytes, _, body = whole.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head_bytes
    assert body.endswith(b"\n499999\n")


def test_a_second_process_is_told_who_has_the_folder(embedded: Launched) -> None:
    words = embedded.process.args
    assert isinstance(words, list)
    second = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (second.returncode, second.stdout, second.stderr.count("\n")) == (1, "", 1)
    assert f"pid {embedded.process.pid}" in second.stderr


def test_a_taken_port_is_told_in_one_line(embedded: Launched, tmp_path: Path) -> None:
    words = command(tmp_path / "data", "--port", str(embedded.owner.port))
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"127.0.0.1:{embedded.owner.port}" in done.stderr


@pytest.mark.parametrize(
    ("word", "more"),
    [
        ("loopback", ["--host", "0.0.0.0"]),
        ("loopback", ["--host", "localhost"]),
        ("characters", ["--password-file", "{short}"]),
        ("cannot be read", ["--password-file", "{none}"]),
        ("none of", ["--limit", "x=1"]),
    ],
)
def test_wrong_arguments_end_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, more: list[str]
) -> None:
    (tmp_path / "short").write_text("short\n")
    given = [part.format(short=tmp_path / "short", none=tmp_path / "none") for part in more]
    assert main(command(tmp_path / "d", *given)[3:]) == 2
    told = capsys.readouterr().err
    assert (word in told, told.count("\n")) == (True, 1)


def test_sigterm_finishes_what_runs_and_refuses_what_is_new(tmp_path: Path) -> None:
    server = launch(tmp_path / "data")
    rows = 3_000_000
    with server.owner.client() as client:
        with client.query_arrow_stream(f"SELECT number FROM numbers({rows})") as stream:
            got = next(stream).num_rows
            server.process.send_signal(signal.SIGTERM)
            wait_for(lambda: not _accepts(server.owner))
            got += sum(part.num_rows for part in stream)
        assert got == rows
    assert server.process.wait(20) == 0


def _accepts(address: Address) -> bool:
    try:
        socket.create_connection((address.host, address.port), timeout=1).close()
    except OSError:
        return False
    return True
