"""The keys of a throw-away control plane: authority, API server's certificate, signing key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pki:
    """Paths of PEM files."""

    authority: Path
    certificate: Path
    key: Path
    service_account_key: Path


def create(folder: Path, service_ip: str) -> Pki:
    """Write new keys into a new folder.

    The API server's certificate is valid for loopback and for `service_ip`, where pods find it.
    """
    folder.mkdir()
    pki = Pki(*(folder / name for name in ("ca.crt", "apiserver.crt", "apiserver.key", "sa.key")))
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    pki.authority.write_bytes(_pem(_authority(authority)))
    pki.certificate.write_bytes(_pem(_server(server, authority, service_ip)))
    _write_key(pki.key, server)
    _write_key(pki.service_account_key, ec.generate_private_key(ec.SECP256R1()))
    return pki


_AUTHORITY = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubervisor-playground")])
_SERVER = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _blank(_AUTHORITY, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey, service_ip: str
) -> x509.Certificate:
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("localhost"),
            x509.DNSName("kubernetes.default.svc"),
            x509.IPAddress(ip_address("127.0.0.1")),
            x509.IPAddress(ip_address(service_ip)),
        ]
    )
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    return (
        _blank(_SERVER, key.public_key())
        .add_extension(names, critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        # Python 3.13 verifies strictly and demands this one.
        .add_extension(signer, critical=False)
        .sign(authority, hashes.SHA256())
    )


def _blank(subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(_AUTHORITY)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    path.touch(mode=0o600)
    path.write_bytes(pem)
