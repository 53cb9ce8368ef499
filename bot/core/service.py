"""What the product is made of inside: everything that is built from ports alone, put together in one place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bot.core.asker import OPEN, Access
from bot.core.backfill import Backfill
from bot.core.browsing import Browsing, Shelves
from bot.core.collecting import Collecting
from bot.core.composing import Composing
from bot.core.correcting import Correcting
from bot.core.delivering import Delivering
from bot.core.desk import Desk
from bot.core.digests import Digests
from bot.core.following import Follower
from bot.core.jobs import Queue
from bot.core.language import Language
from bot.core.lead import LeadWriter
from bot.core.linking import Linking, Signing
from bot.core.metering import Meter
from bot.core.model import Repo
from bot.core.outcomes import Outcomes
from bot.core.ports import (
    Analyst,
    Archive,
    Clock,
    CommitSource,
    Corrections,
    FeedbackStore,
    Followings,
    LanguageModel,
    LeadStore,
    Ledger,
    Messenger,
    ModelMemory,
    Posts,
    Subscriptions,
)
from bot.core.preparing import Preparing
from bot.core.reading import Reading
from bot.core.relating import Relating
from bot.core.rounds import Rounds, Work
from bot.core.subscribing import Subscribing
from bot.core.subscriptions import Platform
from bot.core.threads import Threads
from bot.core.translation import Translator
from bot.core.understanding import Understanding
from bot.core.view_cache import ViewCache
from bot.core.visibility import Visibility
from bot.core.working import Working


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Where things are kept."""

    archive: Archive
    leads: LeadStore
    shelves: Shelves
    subscriptions: Subscriptions
    followings: Followings
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
    browsing: Browsing
    work: Work
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
    open_to_all: Collection[Repo] = (),
    public_url: str = "",
    signing: Signing,
    learns_visibility: bool = False,
    now: Clock,
    meter: Meter,
    queue: Queue | None = None,
) -> Service:
    """`model` writes leads, translates and answers questions; `memory` tells what it costs.

    The archive shows the repositories `open_to_all` to the public, beside those that are known to be public, which the
    source is asked about if the product `learns_visibility`; replies link to it where it has a `public_url`. Several
    processes share their work through a `queue`; without one, this process does it all.
    """
    translator = Translator(model=model, instructions=instructions.translation)
    leads = LeadWriter(model=model, instructions=instructions.lead, translator=translator, store=stores.leads, now=now)
    understanding = Understanding(
        analyst=analyst, archive=stores.archive, translator=translator, now=now, meter=meter, colleagues=queue
    )
    visibility = Visibility(source=source, shelves=stores.shelves, now=now) if learns_visibility else None
    collecting = Collecting(source=source, archive=stores.archive, now=now, meter=meter, visibility=visibility)
    relating = Relating(archive=stores.archive, corrections=stores.corrections, now=now)
    digests = Digests(
        collecting=collecting, understanding=understanding, relating=relating, leads=leads, now=now, meter=meter
    )
    composing = Composing(digests=digests)
    browsing = Browsing(
        shelves=stores.shelves,
        archive=stores.archive,
        leads=stores.leads,
        access=access,
        open_to_all=open_to_all,
        now=now,
    )
    linking = Linking(browsing=browsing, signing=signing, public_url=public_url, now=now)
    correcting = Correcting(
        composing=composing,
        linking=linking,
        corrections=stores.corrections,
        messengers=messengers,
        now=now,
        meter=meter,
    )
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
    follower = Follower(
        source=source, followings=stores.followings, subscriptions=stores.subscriptions, access=access, now=now
    )
    subscribing = Subscribing(
        source=source,
        subscriptions=stores.subscriptions,
        followings=stores.followings,
        follower=follower,
        ledger=stores.ledger,
        feedback=stores.feedback,
        messengers=messengers,
        access=access,
        now=now,
        default_repo=defaults.repo,
        default_zone=defaults.zone,
        memory=memory,
    )
    outcomes = Outcomes(
        subscriptions=stores.subscriptions, ledger=stores.ledger, messengers=messengers, now=now, meter=meter
    )
    preparing = Preparing(digests=digests, ledger=stores.ledger, outcomes=outcomes, access=access, now=now, meter=meter)
    delivering = Delivering(
        views=ViewCache(composing=composing, now=now),
        linking=linking,
        ledger=stores.ledger,
        outcomes=outcomes,
        messengers=messengers,
        now=now,
        meter=meter,
        access=access,
    )
    work = Work(
        preparing=preparing,
        understanding=understanding,
        delivering=delivering,
        correcting=correcting,
        follower=follower,
    )
    jobs = queue or Working(work.perform)
    return Service(
        collecting=collecting,
        understanding=understanding,
        digests=digests,
        backfill=Backfill(collecting=collecting, understanding=understanding, now=now),
        desk=Desk(
            reading=reading,
            subscribing=subscribing,
            threads=Threads(digests=digests, model=model, instructions=instructions.question),
            linking=linking,
            subscriptions=stores.subscriptions,
            followings=stores.followings,
            posts=stores.posts,
            messengers=messengers,
            now=now,
            default_language=defaults.language,
        ),
        browsing=browsing,
        work=work,
        rounds=Rounds(ledger=stores.ledger, correcting=correcting, follower=follower, jobs=jobs, now=now, meter=meter),
    )
