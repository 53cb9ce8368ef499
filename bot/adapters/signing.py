"""Signed links to pages of private repositories. https://itsdangerous.palletsprojects.com/"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from bot.core.browsing import Visitor
from bot.core.model import Repo
from bot.core.ports import Clock
from bot.core.subscriptions import Platform

#: A link is good for this long at most.
LIFETIME: Final = timedelta(days=30)
#: Characters of a signature; ours are shorter.
SIGNATURE_MAX: Final = 1_000
_DAY: Final = 24 * 3600
_SALT: Final = "dynamo-digest.archive"


class SignedLinks:
    """Signs with the newest key, and knows what any of them has signed. Without keys it signs nothing."""

    def __init__(self, keys: Sequence[str], *, now: Clock) -> None:
        """`keys` are secret, the newest first."""
        self._now = now
        self._serializer = (
            URLSafeSerializer(
                list(reversed(keys)),  # the last one signs
                salt=_SALT,
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )
            if keys
            else None
        )

    def sign(self, visitor: Visitor, repo: Repo) -> str:
        """The same all day long, so that a message that is sent again is the same message."""
        if self._serializer is None:
            return ""
        today = int(self._now().timestamp()) // _DAY * _DAY
        expires = today + int(LIFETIME.total_seconds())
        signed = self._serializer.dumps([visitor.platform.value, visitor.workspace, *_name(repo), expires])
        return signed if isinstance(signed, str) else signed.decode()

    def visitor(self, signature: str, repo: Repo) -> Visitor | None:
        if self._serializer is None or not 0 < len(signature) <= SIGNATURE_MAX:
            return None
        try:
            platform, workspace, host, name, expires = self._serializer.loads(signature)
        except BadData:
            return None
        if (host, name) != _name(repo) or self._now().timestamp() >= expires:
            return None
        return Visitor(platform=Platform(platform), workspace=workspace)


def _name(repo: Repo) -> tuple[str, str]:
    """Of the whole repository: who may see it may see all of its branches."""
    host, name, _branches = repo.key
    return host, name
