"""How Feishu signs and encrypts what it sends to an HTTP address.

https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-/encrypt-key-encryption-configuration-case
"""

import base64
import hashlib
import hmac
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

#: Bytes of the block and of the vector that stands before what is encrypted.
_BLOCK: Final = 16


class Undecipherable(Exception):
    """It was not encrypted with this key."""


def is_signed(body: bytes, signature: str, *, timestamp: str, nonce: str, key: str) -> bool:
    expected = hashlib.sha256(f"{timestamp}{nonce}{key}".encode() + body).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode())


def decrypted(encrypted: str, key: str) -> bytes:
    """Raises Undecipherable."""
    try:
        sealed = base64.b64decode(encrypted, validate=True)
        vector, rest = sealed[:_BLOCK], sealed[_BLOCK:]
        cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(vector)).decryptor()
        padded = cipher.update(rest) + cipher.finalize()
        unpadder = PKCS7(_BLOCK * 8).unpadder()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise Undecipherable from None
