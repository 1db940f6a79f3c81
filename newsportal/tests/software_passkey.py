"""A device with passkeys, in software: it signs as a browser's would, and can be made to sign wrongly."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.auth import WebAuthn
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib.auth.models import User
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

ORIGIN = "http://localhost"
Flags = AuthenticatorData.FLAG


class Device:
    """One passkey, of the site at http://localhost."""

    def __init__(self, user: User):
        self._user = user
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = os.urandom(16)

    def register(self, name: str) -> Authenticator:
        public = ES256.from_cryptography_key(self._key.public_key())
        attested = AttestedCredentialData.create(bytes(16), self._id, public)
        data = self._data(Flags.AT, attested)
        response = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", os.urandom(32))),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        }
        credential = self._credential(response) | {"clientExtensionResults": {"credProps": {"rk": True}}}
        return WebAuthn.add(self._user, name, credential).instance

    def sign(self, challenge: bytes) -> dict[str, Any]:
        """What a browser sends on for this challenge."""
        client_data, data = self._client_data("webauthn.get", challenge), self._data(Flags(0))
        signed = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential({
            "clientDataJSON": websafe_encode(client_data), "authenticatorData": websafe_encode(data),
            "signature": websafe_encode(signed), "userHandle": websafe_encode(user_pk_to_url_str(self._user).encode()),
        })  # fmt: skip

    def _credential(self, response: dict[str, str]) -> dict[str, Any]:
        name = websafe_encode(self._id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}

    def _client_data(self, kind: str, challenge: bytes) -> bytes:
        return CollectedClientData.create(kind, challenge, ORIGIN)

    def _data(self, flags: Flags, *attested: AttestedCredentialData) -> AuthenticatorData:
        here = hashlib.sha256(b"localhost").digest()
        return AuthenticatorData.create(here, flags | Flags.UP | Flags.UV, 0, *attested)
