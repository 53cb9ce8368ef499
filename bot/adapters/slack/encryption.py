"""Tokens as they are stored: encrypted, so that a copy of the database gives nobody access to a workspace."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect, Text, TypeDecorator

#: Keys for other purposes may be derived from the same secret.
_PURPOSE: Final = b"dynamo-digest: tokens of Slack"


def cipher(secrets: Sequence[str]) -> MultiFernet:
    """Encrypts with the first of the secrets and decrypts with any; each must be long enough that nobody guesses it."""
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return urlsafe_b64encode(derived)


class Encrypted(TypeDecorator[str]):
    """A text that is encrypted in the database. Reading raises InvalidToken if it was with another key."""

    impl = Text
    #: A token is read for every post, so that its statement is kept, for one `cipher` each.
    cache_ok = True

    def __init__(self, cipher: MultiFernet) -> None:
        super().__init__()
        self.cipher = cipher

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.cipher.encrypt(value.encode()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else self.cipher.decrypt(value).decode()
