"""A day of commits to draw: the facts of a real one, with analyses invented for these tests."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.core.days import Day
from bot.core.model import (
    Advice,
    AdviceKind,
    Analysis,
    AnalystKind,
    ChangeType,
    Commit,
    Digest,
    Entry,
    Evidence,
    FallbackReason,
    FileChange,
    FileStatus,
    Importance,
    ImportanceRule,
    Insight,
    Person,
    Provenance,
    Rating,
    Repo,
    Risk,
    ScopeItem,
    Statement,
)
from bot.core.patterns import RepoPattern
from bot.core.replies import (
    AnalysisView,
    CommitIndex,
    DigestView,
    Help,
    ListedFollowing,
    ListedSubscription,
    Notice,
    Progress,
    SubscriptionList,
)
from bot.core.subscriptions import (
    Channel,
    DeliveryState,
    Following,
    Platform,
    Run,
    Subscription,
    SubscriptionTerms,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
REPO = Repo(owner="ai-dynamo", name="dynamo")
DAY = Day(date=date(2026, 1, 21), zone=SHANGHAI)
SEALED_AT = datetime(2026, 1, 21, 16, 30, tzinfo=UTC)

BY_RULES = Provenance(analyst=AnalystKind.RULES, version="rules 1")
BY_RULES_AFTER_TIMEOUT = Provenance(analyst=AnalystKind.RULES, version="rules 1", fallback=FallbackReason.TIMEOUT)


def by_model(shown: int, changed: int) -> Provenance:
    return Provenance(
        analyst=AnalystKind.MODEL,
        version="ab12cd34ef56",
        model="example-large",
        lines_shown=shown,
        lines_changed=changed,
        prompt_tokens=4200,
        completion_tokens=900,
    )


def commit(
    sha: str,
    author: str,
    committed_at: str,
    message: str,
    *files: tuple[str, int | None, int | None],
) -> Commit:
    person = Person(name=author, email=f"{author.split(' ', 1)[0].lower()}@example.org")
    instant = datetime.fromisoformat(committed_at)
    return Commit(
        sha=sha,
        parents=("0" * 40,),
        author=person,
        authored_at=instant,
        committer=Person(name="GitHub", email="noreply@example.org"),
        committed_at=instant,
        message=message,
        files=tuple(
            FileChange(path=path, status=FileStatus.MODIFIED, additions=additions, deletions=deletions)
            for path, additions, deletions in files
        ),
    )


def says(text: str, *evidence: tuple[str, int | None]) -> Statement:
    return Statement(text=text, evidence=tuple(Evidence(path=path, hunk=hunk) for path, hunk in evidence))


def entry(made: Commit, level: Importance = Importance.LOW, headline: str | None = None) -> Entry:
    """As rules would have it: the author's subject is the headline."""
    return Entry(
        commit=made,
        analysis=Analysis(
            sha=made.sha,
            types=(ChangeType.CHORE,),
            rating=Rating(importance=level, reason="only attribution files changed"),
            headline=made.subject if headline is None else headline,
            summary=(says(made.subject),),
            quotation=made.body,
            provenance=BY_RULES,
        ),
    )


_ENCODER = "components/src/dynamo/vllm/multimodal_handlers/encode_worker_handler.py"
_REGISTER = "components/src/dynamo/sglang/register.py"
_RESOLVER = "lib/runtime/src/utils/ip_resolver.rs"
_INDEXER = "lib/llm/src/kv_router/indexer.rs"

ATTRIBUTIONS = entry(
    commit(
        "8877c46fb7908137b78c62e35f72ae381204c4d8",
        "Anant Sharma",
        "2026-01-21T15:41:53Z",
        "chore: update attributions for vllm cuda13 container (#5436) (#5488)",
        ("ATTRIBUTIONS-Python.md", 596, 0),
        ("ATTRIBUTIONS-container-vllm-runtime.txt", None, None),
    ),
)

MULTI_IMAGE = Entry(
    commit=commit(
        "607008992debc3841e030999cf8895cbb6e2f3c0",
        "Ayush Agarwal",
        "2026-01-21T08:20:19Z",
        "fix: multi image bug for qwen ec connector (#5514)",
        (_ENCODER, 35, 37),
    ),
    analysis=Analysis(
        sha="607008992debc3841e030999cf8895cbb6e2f3c0",
        types=(ChangeType.FIX, ChangeType.PERFORMANCE),
        rating=Rating(
            importance=Importance.HIGH,
            reason="requests with several images get another answer",
            rule=ImportanceRule.BEHAVIOUR,
        ),
        headline="The vLLM encode worker reads all images of a request in one `generate` call",
        summary=(
            says("All images are loaded first and passed to the engine together.", (_ENCODER, 1)),
            says("Each image still gets a response with its own `mm_hash`.", (_ENCODER, 2), (_ENCODER, 3)),
        ),
        scope=(
            ScopeItem(name=_ENCODER, effect="collects the images in `media_list` before it calls the engine"),
            ScopeItem(name="prefill and decode workers", effect="receive ids such as `{request_id}_mm_{idx}`"),
        ),
        insight=Insight(
            architecture=(says("The connector sees one request where it saw one for each image.", (_ENCODER, 2)),),
            performance=(says("One engine call instead of several; all images are in memory at once."),),
        ),
        risks=(
            Risk(
                risk=says("One image that cannot be loaded fails the whole request.", (_ENCODER, 1)),
                consequence="A user with one broken link among several gets no answer at all.",
                mitigation="Load the images one by one and report the broken one.",
            ),
        ),
        advice=(
            Advice(kind=AdviceKind.TEST, text="Send requests with one, several, and one broken image."),
            Advice(kind=AdviceKind.MONITOR, text="Watch the encode worker's peak memory."),
        ),
        provenance=by_model(72, 72),
    ),
)

LONG_CONTEXT = Entry(
    commit=commit(
        "fdd2d15e2ff4b3e467a2a91feefd1f6d6adb5b10",
        "blarson-b10",
        "2026-01-21T07:12:00Z",
        "fix: add test for long context kv store events and fix drop issue (#5499)",
        (_INDEXER, 47, 0),
    ),
    analysis=Analysis(
        sha="fdd2d15e2ff4b3e467a2a91feefd1f6d6adb5b10",
        types=(ChangeType.FIX, ChangeType.TEST),
        rating=Rating(importance=Importance.MEDIUM, reason="one source file with its test"),
        headline="The KV indexer no longer drops the blocks of very long contexts",
        summary=(says("Removing a long chain of blocks is iterative now.", (_INDEXER, None)),),
        scope=(ScopeItem(name=_INDEXER, effect="takes the tree apart without recursion"),),
        advice=(Advice(kind=AdviceKind.CHECK, text="Compare routing of contexts beyond 100,000 tokens."),),
        provenance=by_model(40, 47),
    ),
)

IPV6 = Entry(
    commit=commit(
        "9b8b35a887bacfdd486f1d790e48c2bb7f5ac118",
        "ishandhanani",
        "2026-01-20T23:55:55Z",
        "fix: ipv6 support for sglang disaggregation (#5521)",
        (_REGISTER, 47, 3),
        (_RESOLVER, 43, 6),
    ),
    analysis=Analysis(
        sha="9b8b35a887bacfdd486f1d790e48c2bb7f5ac118",
        types=(ChangeType.FIX,),
        rating=Rating(
            importance=Importance.HIGH, reason="addresses are advertised differently", rule=ImportanceRule.CONTRACT
        ),
        headline="Disaggregated SGLang workers can register IPv6 addresses",
        summary=(says("Addresses with colons are put in brackets.", (_REGISTER, 2), (_RESOLVER, 1)),),
        scope=(ScopeItem(name=_RESOLVER, effect="falls back to IPv6 when there is no IPv4 address"),),
        provenance=by_model(99, 99),
    ),
)

STREAMING = Entry(
    commit=commit(
        "748fee6bcfe2070291cee9b2c069ee7a638a08ad",
        "MatejKosec",
        "2026-01-20T22:19:18Z",
        "feat(sglang): enforce stream_output=True for optimal streaming performance (#5510)\n\n"
        "This ensures that only new tokens are returned by sglang which avoids the overhead from creating copies of the"
        " entire token sequences per each iteration.\n\n- applies to <decode> and *multimodal* workers",
        ("components/src/dynamo/sglang/args.py", 6, 0),
        ("components/src/dynamo/sglang/request_handlers/llm/decode_handler.py", 6, 5),
        ("components/src/dynamo/sglang/request_handlers/multimodal/worker_handler.py", 6, 10),
    ),
    analysis=Analysis(
        sha="748fee6bcfe2070291cee9b2c069ee7a638a08ad",
        types=(ChangeType.FEATURE, ChangeType.PERFORMANCE),
        rating=Rating(
            importance=Importance.HIGH,
            reason="the author speaks of performance: streaming, overhead",
            rule=ImportanceRule.ASSUMPTION,
        ),
        headline="enforce stream_output=True for optimal streaming performance",
        summary=(says("3 files of sglang changed."),),
        quotation="This ensures that only new tokens are returned by sglang which avoids the overhead from creating "
        "copies of the entire token sequences per each iteration.\n\n- applies to <decode> and *multimodal* workers",
        provenance=BY_RULES_AFTER_TIMEOUT,
    ),
)

DOCKERFILE = Entry(
    commit=commit(
        "7b639e76e8cd755141532bbae6a38266c265c094",
        "Keiven C",
        "2026-01-20T22:05:09Z",
        "fix: on a bad network day, uv timeout too easily when building dev/local-dev containers (#5511)",
        ("container/dev/Dockerfile.dev", 2, 2),
    ),
    analysis=Analysis(
        sha="7b639e76e8cd755141532bbae6a38266c265c094",
        types=(ChangeType.BUILD,),
        rating=Rating(importance=Importance.MEDIUM, reason="container build changed: container/dev/Dockerfile.dev"),
        headline="Development containers wait longer for uv's downloads",
        summary=(says("The HTTP timeout of `uv` is raised.", ("container/dev/Dockerfile.dev", 1)),),
        scope=(ScopeItem(name="container/dev/Dockerfile.dev", effect="sets the timeout"),),
        advice=(Advice(kind=AdviceKind.CHECK, text="Do the CI images need it as well?"),),
        provenance=by_model(4, 4),
    ),
)

LEAD = (
    "Multimodal and SGLang serving change in ways that callers notice: several images in one request, IPv6 workers and "
    "streams of new tokens only. The rest keeps builds and indexes healthy."
)

DIGEST = Digest(
    repo=REPO,
    day=DAY,
    entries=(ATTRIBUTIONS, MULTI_IMAGE, LONG_CONTEXT, IPV6, STREAMING, DOCKERFILE),
    merges=1,
    as_of=SEALED_AT,
    sealed=True,
    lead=LEAD,
)
QUIET = Digest(repo=REPO, day=DAY, entries=(), as_of=SEALED_AT, sealed=True)
TODAY = Digest(repo=REPO, day=DAY, entries=(MULTI_IMAGE,), as_of=datetime(2026, 1, 21, 6, 5, tzinfo=UTC), sealed=False)
SUBSCRIPTION = Subscription(
    id=1,
    terms=SubscriptionTerms(
        channel=Channel(platform=Platform.SLACK, workspace="T1", id="C1"),
        repo=REPO,
        at=time(9),
        zone=SHANGHAI,
        subscriber="U1",
    ),
    created_at=SEALED_AT,
)
LISTED = ListedSubscription(subscription=SUBSCRIPTION, next_at=datetime(2026, 1, 22, 1, tzinfo=UTC))
#: Some of whose repositories did not deliver, and whose newest look failed.
FOLLOWED = ListedFollowing(
    following=Following(
        id=2,
        terms=SUBSCRIPTION.terms.of_pattern(RepoPattern(owner="ai-dynamo", names="*"), ("legacy-*", "tmp")),
        created_at=SEALED_AT,
        error="GitHub asks us to wait before the next question.",
    ),
    repositories=12,
    next_at=datetime(2026, 1, 22, 1, tzinfo=UTC),
    missed=tuple(
        replace(
            LISTED,
            subscription=replace(
                SUBSCRIPTION, id=10 + number, terms=SUBSCRIPTION.terms.of_repo(replace(REPO, name=name))
            ),
            last=Run(day=date(2026, 1, 20), state=DeliveryState.FAILED, at=SEALED_AT, error="The post was rejected."),
        )
        for number, name in enumerate(("aiconfigurator", "enhancements", "grove", "nixl", "planner"))
    ),
)


def opened(entry: Entry, repo: Repo = REPO) -> AnalysisView:
    return AnalysisView(repo=repo, entry=entry, zone=SHANGHAI)


REPLIES = {
    "digest": DigestView(digest=DIGEST),
    "late digest of today": DigestView(digest=TODAY, late_by=timedelta(hours=2)),
    "quiet day": DigestView(digest=QUIET),
    "index": CommitIndex(digest=DIGEST),
    "index of a quiet day": CommitIndex(digest=QUIET, page=3),
    "analysis by model": opened(MULTI_IMAGE),
    "analysis by rules": opened(STREAMING),
    "subscriptions": SubscriptionList(subscriptions=(LISTED,)),
    "a pattern": SubscriptionList(subscriptions=(FOLLOWED, LISTED)),
    "no subscriptions": SubscriptionList(subscriptions=()),
    "reading": Progress(repo=REPO, done=0, total=None),
    "progress": Progress(repo=REPO, done=7, total=12),
    "notice": Notice(text="“foo” is neither a day nor a command.", example="yesterday"),
    "help": Help(),
}


def many(number: int, *, message: str = "fix: something (#7)", repo: Repo = REPO) -> Digest:
    """A digest of `number` commits, whose levels alternate and whose SHAs all differ in their first seven digits."""
    levels = list(Importance)
    entries = tuple(
        entry(
            commit(
                f"{index:07x}".ljust(40, "e"), f"Author {index % 9}", "2026-01-21T08:00:00Z", message, ("a.py", 1, 2)
            ),
            levels[index % 3],
        )
        for index in range(number)
    )
    return Digest(repo=repo, day=DAY, entries=entries, as_of=SEALED_AT, sealed=True)
