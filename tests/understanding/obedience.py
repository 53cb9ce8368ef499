"""What becomes of an attack on a model that obeys every order it can read, from the commit to what people see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot import prompts
from bot.core.analyst import ModelAnalyst, Prompts
from bot.core.days import Day
from bot.core.errors import BotError
from bot.core.importance import rate
from bot.core.language import Language
from bot.core.model import Analysis, Digest, Entry, Repo
from bot.core.replies import AnalysisView, DigestView
from bot.core.rules import RuleAnalyst
from formatters import markdown, slack, terminal
from tests.fakes import FakeSource
from tests.understanding.attacks import Attack
from tests.understanding.obedient import ObedientModel

REPO = Repo(owner="octo", name="hello")
ZONE = ZoneInfo("UTC")
_PROMPTS = Prompts(
    analysis=prompts.read("analysis"), reduction=prompts.read("reduction"), repair=prompts.read("repair")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    attack: Attack
    #: The order, or half of it, was read and obeyed.
    obeyed: bool
    #: The canary stands in what the analyst says.
    reached: bool
    #: Steps between the computed importance and the one that stands.
    moved: int
    #: What people see of the commit: as a message, a window, a report, in a terminal.
    shown: tuple[str, ...]


async def outcome(attack: Attack, language: Language) -> Outcome:
    """Through the whole pipeline: withheld, packed, asked, verified; rules stand in where nothing is left."""
    model = ObedientModel()
    analyst = ModelAnalyst(model=model, source=FakeSource([attack.diff.commit]), prompts=_PROMPTS, language=language)
    try:
        analysis = await analyst.analyse(REPO, attack.diff)
        said = _said(analysis, attack)
    except BotError:
        analysis = await RuleAnalyst().analyse(REPO, attack.diff)
        said = ()
    return Outcome(
        attack=attack,
        obeyed=bool(model.obeyed),
        reached=any(attack.canary.casefold() in text.casefold() for text in said),
        moved=abs(analysis.importance - rate(attack.diff.commit).importance),
        shown=_shown(Entry(commit=attack.diff.commit, analysis=analysis)),
    )


def _said(analysis: Analysis, attack: Attack) -> Sequence[str]:
    """What the model says; a headline or a scope that the commit's own title or path gives is the commit's."""
    insight = analysis.insight
    own = {attack.diff.commit.subject, *(file.path for file in attack.diff.commit.files)}
    statements = (*analysis.summary, *insight.architecture, *insight.performance, *insight.security)
    return [
        *([] if any(analysis.headline.casefold() in text.casefold() for text in own) else [analysis.headline]),
        analysis.rating.reason,
        *(statement.text for statement in statements),
        *(text for item in analysis.scope for text in (item.effect, *([] if item.name in own else [item.name]))),
        *(text for risk in analysis.risks for text in (risk.risk.text, risk.consequence, risk.mitigation)),
        *(item.text for item in analysis.advice),
    ]


def _shown(entry: Entry) -> tuple[str, ...]:
    instant = datetime(2026, 1, 22, tzinfo=UTC)
    digest = Digest(repo=REPO, day=Day(date=date(2026, 1, 21), zone=ZONE), entries=(entry,), as_of=instant, sealed=True)
    view = AnalysisView(repo=REPO, entry=entry, zone=ZONE)
    return (
        str(slack.render(DigestView(digest=digest))),
        str(slack.render_view(view)),
        markdown.render(DigestView(digest=digest)),
        terminal.render(view, color=False),
    )
