"""Users and their ACLs, as the table of rights has them, given by the administrator of the brokers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.rights import Right, rights, user
from sharedchain.schemas import Catalog

_WAIT = 30.0  # seconds for an answer
_ITERATIONS = 4096
_KINDS = {
    "topic": ResourceType.TOPIC,
    "group": ResourceType.GROUP,
    "transactionalId": ResourceType.TRANSACTIONAL_ID,
}
OPERATIONS = {
    "Create": AclOperation.CREATE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
}


def administrator(bootstrap: str, certificates: Path) -> AdminClient:
    """Above the ACLs, by the key in `certificates`. `bootstrap` are the brokers' internal listeners."""
    return AdminClient(
        {
            "bootstrap.servers": bootstrap,
            "security.protocol": "SSL",
            "ssl.ca.location": str(certificates / "ca.pem"),
            "ssl.certificate.location": str(certificates / "admin.pem"),
            "ssl.key.location": str(certificates / "admin.key"),
            "log_level": 0,
        }
    )


def grant(client: AdminClient, passwords: Mapping[str, str], catalog: Catalog) -> None:
    """Make or renew the users (by program: their passwords), and give them their rights. Raises KafkaException."""
    how = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, _ITERATIONS)
    wanted: Any = [
        UserScramCredentialUpsertion(user(program), how, password.encode()) for program, password in passwords.items()
    ]
    for answer in client.alter_user_scram_credentials(wanted, request_timeout=_WAIT).values():
        answer.result(_WAIT)
    acls = [acl for program, found in rights(catalog).items() for right in found for acl in _acls(user(program), right)]
    for given in client.create_acls(acls, request_timeout=_WAIT).values():
        given.result(_WAIT)


def _acls(who: str, right: Right) -> list[AclBinding]:
    pattern = ResourcePatternType.PREFIXED if right.prefix else ResourcePatternType.LITERAL
    return [
        AclBinding(
            _KINDS[right.kind], right.name, pattern, f"User:{who}", "*", OPERATIONS[one], AclPermissionType.ALLOW
        )
        for one in right.operations
    ]
