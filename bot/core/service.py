"""What the product is made of inside: everything that is built from ports alone, put together in one place."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.core.asker import OPEN, Access
from bot.core.backfill import Backfill
from bot.core.collecting import Collecting
from bot.core.composing import Composing
from bot.core.correcting import Correcting
from bot.core.desk import Desk
from bot.core.digests import Digests
from bot.core.language import Language
from bot.core.lead import LeadWriter
from bot.core.metering import Meter
from bot.core.model import Repo
from bot.core.ports import (
    Analyst,
    Archive,
    Clock,
    CommitSource,
    Corrections,
    FeedbackStore,
    LanguageModel,
    LeadStore,
    Ledger,
    Messenger,
    ModelMemory,
    Posts,
    Subscriptions,
)
from bot.core.reading import Reading
from bot.core.relating import Relating
from bot.core.rounds import Rounds
from bot.core.subscribing import Subscribing
from bot.core.subscriptions import Platform
from bot.core.threads import Threads
from bot.core.translation import Translator
from bot.core.understanding import Understanding


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where things are kept."""

    archive: Archive
    leads: LeadStore
    subscriptions: Subscriptions
    ledger: Ledger
    corrections: Corrections
    posts: Posts
    feedback: FeedbackStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What a language model is told beside the analyst's own: prompts by their purpose."""

    translation: str
    lead: str
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What is meant where nothing is said."""

    repo: Repo
    zone: ZoneInfo
    language: Language = Language.EN


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    collecting: Collecting
    understanding: Understanding
    digests: Digests
    backfill: Backfill
    desk: Desk
    rounds: Rounds


def assemble(
    *,
    stores: Stores,
    source: CommitSource,
    analyst: Analyst,
    model: LanguageModel | None,
    memory: ModelMemory | None,
    messengers: Mapping[Platform, Messenger],
    instructions: Instructions,
    defaults: Defaults,
    access: Access = OPEN,
    now: Clock,
    meter: Meter,
) -> Service:
    """`model` writes leads, translates and answers questions; `memory` tells what it costs."""
    translator = Translator(model=model, instructions=instructions.translation)
    leads = LeadWriter(model=model, instructions=instructions.lead, translator=translator, store=stores.leads, now=now)
    understanding = Understanding(analyst=analyst, archive=stores.archive, translator=translator, now=now)
    collecting = Collecting(source=source, archive=stores.archive, now=now)
    relating = Relating(archive=stores.archive, corrections=stores.corrections, now=now)
    digests = Digests(collecting=collecting, understanding=understanding, relating=relating, leads=leads, now=now)
    composing = Composing(digests=digests)
    correcting = Correcting(composing=composing, corrections=stores.corrections, messengers=messengers, now=now)
    reading = Reading(
        digests=digests,
        composing=composing,
        understanding=understanding,
        source=source,
        archive=stores.archive,
        subscriptions=stores.subscriptions,
        feedback=stores.feedback,
        access=access,
        now=now,
        default_repo=defaults.repo,
        default_zone=defaults.zone,
    )
    subscribing = Subscribing(
        source=source,
        subscriptions=stores.subscriptions,
        ledger=stores.ledger,
        feedback=stores.feedback,
        messengers=messengers,
        access=access,
        now=now,
        default_repo=defaults.repo,
        default_zone=defaults.zone,
        memory=memory,
    )
    return Service(
        collecting=collecting,
        understanding=understanding,
        digests=digests,
        backfill=Backfill(collecting=collecting, understanding=understanding, now=now),
        desk=Desk(
            reading=reading,
            subscribing=subscribing,
            threads=Threads(digests=digests, model=model, instructions=instructions.question),
            subscriptions=stores.subscriptions,
            posts=stores.posts,
            messengers=messengers,
            now=now,
            default_language=defaults.language,
        ),
        rounds=Rounds(
            composing=composing,
            subscriptions=stores.subscriptions,
            ledger=stores.ledger,
            posts=stores.posts,
            correcting=correcting,
            messengers=messengers,
            now=now,
            meter=meter,
            access=access,
        ),
    )
