"""How much a message may still hold: its blocks, and the characters of all of them."""

from collections.abc import Iterable

from formatters.slack import blocks, limits
from formatters.slack.blocks import Block


class Budget:
    """What is left beside the blocks `around`; a message's, if nothing else is said."""

    def __init__(
        self,
        *,
        around: Iterable[Block] = (),
        blocks_max: int = limits.MESSAGE_BLOCKS_MAX,
        characters_max: int = limits.MESSAGE_CHARACTERS_MAX,
    ) -> None:
        fixed = list(around)
        self._blocks = blocks_max - blocks.count(fixed)
        self._characters = characters_max - blocks.weight(fixed)

    def take(self, wanted: Block, *, blocks_beside: int = 0, characters_beside: int = 0) -> bool:
        """Whether there is room for a block, and for what has to come with it; only then is it taken."""
        left_blocks = self._blocks - blocks.count([wanted]) - blocks_beside
        left_characters = self._characters - blocks.weight(wanted) - characters_beside
        if left_blocks < 0 or left_characters < 0:
            return False
        self._blocks, self._characters = left_blocks, left_characters
        return True
