"""What an analysis may say: how many lies about a commit survive verification, and how many truths do."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from time import process_time

from bench.figures import Figure
from bot.core.evidence import Verifier, verify_lead
from bot.core.model import CommitDiff
from tests.understanding import adversary, changes
from tests.understanding.commits import REPO, diff


async def survival(folder: Path) -> Sequence[Figure]:
    commits = list(changes.commits())
    true, lost = _survivors(commits, adversary.truths)
    false, dropped = _survivors(commits, adversary.lies)
    return [
        Figure(name=f"false statements that survive, of {false + dropped:,}", value=false, unit="", limit=0),
        Figure(name=f"true statements lost, of {true + lost:,}", value=100 * lost / (true + lost), unit="%", limit=5),
        Figure(name="leads that name an absent commit and survive", value=_surviving_leads(commits), unit="", limit=0),
    ]


async def speed(folder: Path) -> Sequence[Figure]:
    """A diff of one megabyte, and one statement about it."""
    lines = "\n".join(f"+    value_{at} = compute_{at}({at}, other_{at % 97})" for at in range(21_000))
    large = diff("fix: it", {"src/large.py": f"@@ -1 +1,21000 @@\n-pass\n{lines}"})
    claim = adversary.Claim(
        kind="", statement=next(adversary.truths(diff("a", {"a": "@@ -1 +1 @@\n-b_c\n+c_d"}))).statement
    )
    Verifier.of(REPO, diff("a", {})).verify(adversary.analysis(large, []))  # loads what is loaded once
    began = process_time()
    Verifier.of(REPO, large).verify(adversary.analysis(large, [claim]))
    return [
        Figure(
            name="a diff of 1 MB, indexed and asked once: processor", value=process_time() - began, unit="s", limit=1
        )
    ]


def _survivors(commits: Iterable[CommitDiff], claims: adversary.Claims) -> tuple[int, int]:
    """How many of the claims are kept, and how many are not."""
    kept = made = 0
    for commit in commits:
        verified = Verifier.of(REPO, commit).verify(adversary.analysis(commit, list(claims(commit)))).analysis
        kept += verified.provenance.statements_kept
        made += verified.provenance.statements_made
    return kept, made - kept


def _surviving_leads(commits: Sequence[CommitDiff]) -> int:
    """Leads of a digest with one headline that speak of another commit's."""
    headlines = [adversary.headline(commit) for commit in commits]
    return sum(
        not verify_lead(f"The day is about what users wait for. {absent}.", headlines=[kept])
        for kept in headlines[:7]
        for absent in headlines[7:]
    )
