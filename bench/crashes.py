"""Whether anything is lost or doubled where processes die, most often between a post and the note of it."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from bench.figures import Figure
from bot.adapters.database.engine import migrate, open_database
from tests.crashes import Fakes, Outcome, crashed

RUNS = 500


async def runs(folder: Path) -> Sequence[Figure]:
    migrated_file = folder / "migrated.db"
    engine = open_database(f"sqlite:///{migrated_file}")
    await migrate(engine)
    await engine.dispose()
    outcomes = [await _run(migrated_file, folder / str(number), number) for number in range(RUNS)]
    lost, doubled = (sum(map(len, each)) for each in zip(*((one.lost, one.doubled) for one in outcomes), strict=True))
    print(f"{lost} lost, {doubled} doubled in {RUNS} runs")
    return [
        Figure(name=f"digests lost in {RUNS} runs in which processes die", value=lost, unit="", limit=0),
        Figure(name="  digests that came twice", value=doubled, unit="", limit=0),
        Figure(name="  processes that died", value=sum(one.deaths for one in outcomes), unit=""),
    ]


async def _run(migrated_file: Path, folder: Path, number: int) -> Outcome:
    folder.mkdir()
    chance = Random(number)
    return await crashed(migrated_file, folder, Fakes(chance), chance)
