from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from sharedchain import kafka
from sharedchain.connect import read
from sharedchain.endpoints import ClickHouse, Endpoints, Notify
from sharedchain.errors import ConfigError

CANARY = "hunter2-canary"
WHOLE = """\
kafka:
  bootstrap: b1:9093,b2:9093
  security: SASL_SSL
  ca: ca.pem
  mechanism: SCRAM-SHA-512
  replication: 3
  users:
    ingest: {user: sharedchain-ingest, password: {file: secrets/ingest}}
    default: {user: sharedchain-operator, password: {env: OPERATOR_PASSWORD}}
registry:
  url: https://registry:8443/apis/ccompat/v7
  ca: ca.pem
  user: registrar
  password: {env: REGISTRY_PASSWORD}
clickhouse:
  url: https://clickhouse:8443
  ca: ca.pem
  user: sharedchain
  password: {env: CLICKHOUSE_PASSWORD}
  cluster: main
  users:
    gateway: {user: reader, password: {env: READER_PASSWORD}}
gateway:
  url: https://chain.example
  listen: 0.0.0.0:8000
notify:
  smtp: mail:25
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)

    def write(text: str) -> Path:
        file = tmp_path / "endpoints.yaml"
        file.write_text(text)
        return file

    return write


def own(home: Path) -> Endpoints:
    """What a home would start itself."""
    mine = SecretStr("x")
    return Endpoints(
        home=home,
        kafka="127.0.0.1:1",
        registry="http://127.0.0.1:2",
        clickhouse=ClickHouse(url="http://127.0.0.1:3", user="u", password=mine),
        gateway="http://127.0.0.1:4",
        notify=Notify(smtp="127.0.0.1:5", webhook="http://127.0.0.1:6", webhook_secret=mine),
        link_secret=mine,
    )


def test_every_program_is_its_own_user_by_the_one_file(
    said: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHAREDCHAIN_CONNECT", str(said(WHOLE)))
    monkeypatch.setenv("SHAREDCHAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OPERATOR_PASSWORD", "of the operator")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "ingest").write_text("of ingest\n")
    ingest, sink, gateway = (Endpoints.load(program=p) for p in ("ingest", "sink", "gateway"))
    assert kafka.access(ingest) == {
        "bootstrap.servers": "b1:9093,b2:9093",
        "security.protocol": "SASL_SSL",
        "ssl.ca.location": str(tmp_path / "ca.pem"),
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "sharedchain-ingest",
        "sasl.password": "of ingest",
    }
    assert kafka.access(sink)["sasl.username"] == "sharedchain-operator"
    assert (sink.clickhouse.user, gateway.clickhouse.user) == ("sharedchain", "reader")
    assert (ingest.home, ingest.replication, ingest.gateway_listen) == (tmp_path / "home", 3, "0.0.0.0:8000")


def test_a_secret_that_is_not_there_is_missed_only_by_whom_it_is_for(
    said: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = read(said(WHOLE)).alone(tmp_path)
    monkeypatch.setenv("OPERATOR_PASSWORD", "there")
    assert kafka.access(everything.of("operator"))["sasl.password"] == "there"
    with pytest.raises(ConfigError, match="secrets/ingest: the secret in it cannot be read"):
        kafka.access(everything.of("ingest"))
    with pytest.raises(ConfigError, match="READER_PASSWORD is empty or not set"):
        everything.of("gateway").clickhouse.address()


def test_what_the_file_names_comes_before_what_a_home_would_start(said: Callable[[str], Path], tmp_path: Path) -> None:
    mixed = read(said("kafka: {bootstrap: 'b1:9092', replication: 1}\n")).over(own(tmp_path))
    assert (mixed.kafka, mixed.registry, mixed.connected) == ("b1:9092", "http://127.0.0.1:2", ("kafka",))
    assert mixed.own_ports() == {"registry": 2, "clickhouse": 3, "gateway": 4, "smtp": 5, "webhook": 6}


def test_a_home_keeps_others_secrets_by_reference_only(
    said: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATOR_PASSWORD", CANARY)
    read(said(WHOLE)).over(own(tmp_path)).save()
    assert CANARY not in (tmp_path / "endpoints.json").read_text()
    assert kafka.access(Endpoints.load(tmp_path))["sasl.password"] == CANARY


def test_a_named_home_comes_before_the_environment(
    said: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHAREDCHAIN_CONNECT", str(said(WHOLE)))
    own(tmp_path).save()
    assert Endpoints.load(tmp_path).kafka == "127.0.0.1:1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kafka:\n  bootstrapp: b1:9092\n", [":2: kafka.bootstrap: is missing", ":2: kafka.bootstrapp: bootstrapp is"]),
        ("kafka: {bootstrap: b, security: TLS}\n", ["kafka.security: is not known: choose 'PLAINTEXT'"]),
        ("kafka: {bootstrap: b, security: SASL_SSL}\n", ["kafka.security: SASL_SSL needs users"]),
        ("kafka: {bootstrap: b, users: {default: {user: u, password: {env: A}}}}\n", ["asks for no user"]),
        ("kafka: {bootstrap: b, ca: x.pem}\n", ["does not encrypt"]),
        ("kafka: {bootstrap: 'b1:9093,b2:99999'}\n", ["kafka.bootstrap: 'b2:99999' is no address of a broker"]),
        ("kafka: {bootstrap: 'b1:9093,'}\n", ["kafka.bootstrap: '' is no address"]),
        ("registry: {url: 'http://r', user: u}\n", ["user and password go together"]),
        ("registry: {url: 'r:8081'}\n", ["registry.url: r:8081 is no http(s) address"]),
        ("clickhouse: {url: 'http://c', user: u, password: {}}\n", ["clickhouse.password", "either env or file"]),
        ("notify: {webhook: 'https://w'}\n", ["notify.webhook: a webhook is signed"]),
        ("lanes: 2\n", ["names no part"]),
        ("kafka: [\n", ["is not YAML"]),
        ("", ["names no part"]),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_remedy(
    said: Callable[[str], Path], text: str, told: list[str]
) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(said(text))
    for part in told:
        assert part in str(wrong.value)


def test_a_misspelt_program_is_told(said: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match=r":8: kafka.users.gatway: there is no program gatway: known are prepare"):
        read(said(WHOLE.replace("    ingest: {", "    gatway: {")))


def test_a_password_in_clear_is_refused_and_not_repeated(said: Callable[[str], Path]) -> None:
    with pytest.raises(ConfigError, match=r":19: clickhouse.password: no password in clear") as wrong:
        read(said(WHOLE.replace("{env: CLICKHOUSE_PASSWORD}", CANARY)))
    assert CANARY not in str(wrong.value)


def test_a_program_alone_needs_every_peer_named(said: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not name registry, clickhouse: without a supervisor"):
        read(said("kafka: {bootstrap: 'b1:9092'}\n")).alone(tmp_path)


def test_faults_are_told_in_chinese_too(said: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    file = said("kafka: {bootstrap: b, security: SASL_SSL}\n")
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    with pytest.raises(ConfigError, match="需要用户"):
        read(file)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        (f"https://me:{CANARY}@registry:8443", "no login in an address"),
        ("http://[::1", "is no http"),
        ("http://registry:99999", "is no http"),
    ],
)
def test_an_address_is_one_and_holds_no_login(said: Callable[[str], Path], address: str, why: str) -> None:
    with pytest.raises(ConfigError, match=rf"endpoints.yaml:2: registry.url: .*{why}") as told:
        read(said(f"registry:\n  url: '{address}'\n"))
    assert CANARY not in str(told.value)


def test_where_all_programs_shall_start_every_secret_must_be_there(
    said: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = said(WHOLE)
    (file.parent / "secrets").mkdir()
    (file.parent / "secrets" / "ingest").write_text("x\n")
    for name in ("OPERATOR_PASSWORD", "CLICKHOUSE_PASSWORD", "READER_PASSWORD"):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("REGISTRY_PASSWORD", raising=False)
    assert read(file).named == ("kafka", "registry", "clickhouse")
    with pytest.raises(ConfigError) as raised:
        read(file, secrets=True)
    (line,) = raised.value.findings
    assert line.startswith(f"{file}:14: registry.password: ")
    assert "REGISTRY_PASSWORD is empty or not set" in line
    monkeypatch.setenv("REGISTRY_PASSWORD", "x")
    assert read(file, secrets=True) == read(file)
