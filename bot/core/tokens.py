"""How many tokens a text takes at most: from its bytes, as tokenisers differ and some are no one's to have."""

import math
from dataclasses import dataclass
from typing import Final

#: A token has at least this many bytes of UTF-8 in 99 of 100 diffs (o200k, 386 commits of a real repository).
BYTES_PER_TOKEN: Final = 2.3
#: Of the bytes per token that a host counted, what is relied upon.
MARGIN: Final = 0.9
#: How far one answer raises an estimate towards what it shows; it lowers it at once.
WEIGHT: Final = 1 / 20
#: Bytes per token that are believed: hosts that cache may count less than they read, and some count wrong.
BELIEVED: Final = (1.0, 4.0)
#: Bytes of a prompt from which on it tells anything: less, and the frame around it counts most.
TELLING: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEstimate:
    """A lower bound of a model's bytes per token, corrected by what its host counts.

    It rises slowly, as a moving average of what was seen less a margin, and never above the newest of these; it falls
    at once, because a prompt that is too long costs a question.
    """

    bytes_per_token: float = BYTES_PER_TOKEN

    def observed(self, sent: int, tokens: int) -> "TokenEstimate":
        """`sent` are bytes of UTF-8 of the whole prompt, `tokens` what the host counted for it."""
        if sent < TELLING or tokens <= 0:
            return self
        low, high = BELIEVED
        seen = min(max(sent / tokens * MARGIN, low), high)
        raised = self.bytes_per_token + WEIGHT * (seen - self.bytes_per_token)
        return TokenEstimate(bytes_per_token=min(raised, seen))


def size(text: str) -> int:
    """Bytes of UTF-8, in which half of a surrogate pair would take three."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def tokens(text: str, bytes_per_token: float = BYTES_PER_TOKEN) -> int:
    """An upper bound."""
    return math.ceil(size(text) / bytes_per_token)
