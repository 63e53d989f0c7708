"""An authority of one's own, and the certificates that it gives. For trying things out: keys are not protected."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_VALID = timedelta(days=365)


class Authority:
    """Signs certificates for this machine's loopback."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("sharedchain trial authority")
        self.certificate = self._signed(self._name, self._key, authority=True)

    def issue(self, name: str) -> tuple[bytes, bytes]:
        """Key and certificate (PEM) for `name`, good for 127.0.0.1 and localhost, as server and as client."""
        key = ec.generate_private_key(ec.SECP256R1())
        return _secret(key), _pem(self._signed(_named(name), key, authority=False))

    def _signed(self, name: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool) -> x509.Certificate:
        here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(hours=1))
            .not_valid_after(self._now + _VALID)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            builder = builder.add_extension(x509.SubjectAlternativeName(here), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def write(folder: Path, now: datetime | None = None) -> None:
    """ca.pem, and for broker, admin, server: <name>.key, <name>.pem and both in <name>.both.pem (0600)."""
    authority = Authority(now or datetime.now(UTC))
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / "ca.pem").write_bytes(_pem(authority.certificate))
    for name in ("broker", "admin", "server"):
        key, certificate = authority.issue(name)
        for file, content in (
            (f"{name}.key", key),
            (f"{name}.pem", certificate),
            (f"{name}.both.pem", key + certificate),
        ):
            (folder / file).touch(mode=0o600)
            (folder / file).write_bytes(content)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _secret(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
