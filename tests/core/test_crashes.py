"""Processes die after steps that chance picks: `make bench` does it more often."""

from pathlib import Path
from random import Random

import pytest

from tests.crashes import Fakes, crashed


@pytest.mark.parametrize("seed", range(6))
async def test_whenever_processes_die_nothing_is_lost_and_nothing_doubled(
    seed: int, migrated_file: Path, tmp_path: Path
):
    chance = Random(seed)
    outcome = await crashed(migrated_file, tmp_path, Fakes(chance), chance)
    assert (outcome.lost, outcome.doubled) == ([], [])
    assert outcome.deaths > 0
