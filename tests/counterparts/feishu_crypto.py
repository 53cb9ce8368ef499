"""How Feishu encrypts and signs what it sends to an HTTP address, and how a custom bot's messages are signed.

https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
"""

import base64
import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

_BLOCK_BITS = 128


def encrypted(body: bytes, encrypt_key: str) -> str:
    """What stands in `{"encrypt": …}`."""
    vector = secrets.token_bytes(_BLOCK_BITS // 8)
    padder = PKCS7(_BLOCK_BITS).padder()
    padded = padder.update(body) + padder.finalize()
    encryptor = Cipher(algorithms.AES(hashlib.sha256(encrypt_key.encode()).digest()), modes.CBC(vector)).encryptor()
    return base64.b64encode(vector + encryptor.update(padded) + encryptor.finalize()).decode()


def event_signature(timestamp: str, nonce: str, encrypt_key: str, body: bytes) -> str:
    """The header `X-Lark-Signature`."""
    return hashlib.sha256(f"{timestamp}{nonce}{encrypt_key}".encode() + body).hexdigest()


def custom_bot_signature(timestamp: str, secret: str) -> str:
    """https://open.feishu.cn/document/ukTMukTMukTM/ucTM5YjL3ETO24yNxkjN"""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, digestmod=hashlib.sha256).digest()).decode()
