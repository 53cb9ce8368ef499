"""Commits as people make them, in ten languages: files before and after, and the diff between them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import unified_diff
from itertools import count

from bot.core.model import CommitDiff, FileChange, FileStatus
from tests.understanding.commits import commit

#: Thing, Thing in one word with capitals, noun, old and new number, version before and after.
_CASTS = [
    ("router", "Router", "worker", "30", "300", "0.7.3", "0.8.1"),
    ("scheduler", "Scheduler", "slot", "16", "64", "1.12.0", "1.13.2"),
    ("prefetcher", "Prefetcher", "block", "250", "1500", "2.0.4", "3.1.0"),
    ("ledger", "Ledger", "entry", "5", "45", "4.9.1", "4.10.0"),
    ("planner", "Planner", "replica", "8080", "9090", "12.4.1", "12.8.0"),
    ("indexer", "Indexer", "shard", "1024", "65536", "22.3.0", "24.1.0"),
    ("gateway", "Gateway", "header", "0.25", "0.75", "3.11.8", "3.12.1"),
]
_CONTEXT = 3

_SOURCES: dict[str, tuple[str, str]] = {
    "components/src/{a}/handlers/{a}_handler.py": (
        '''"""Handles {a} requests."""

import asyncio
from dataclasses import dataclass

MAX_{U}_{N} = {o}


@dataclass
class {A}Config:
    name: str
    timeout_seconds: float = {o}


class {A}Handler:
    def __init__(self, config: {A}Config) -> None:
        self.config = config
        self.pending_{n}s: dict[str, int] = {{}}

    async def dispatch_{n}(self, request_id: str) -> int:
        for attempt in range(MAX_{U}_{N}):
            result = await self._send_{n}(request_id)
            if result is not None:
                return result
        raise TimeoutError(request_id)
''',
        '''"""Handles {a} requests."""

import asyncio
from dataclasses import dataclass

MAX_{U}_{N} = {v}


class {A}Exhausted(RuntimeError):
    """Every {n} was asked."""


@dataclass
class {A}Config:
    name: str
    timeout_seconds: float = {v}


class {A}Handler:
    def __init__(self, config: {A}Config) -> None:
        self.config = config
        self.pending_{n}s: dict[str, int] = {{}}

    async def dispatch_{n}(self, request_id: str, *, deadline: float | None = None) -> int:
        async with asyncio.timeout(deadline):
            for attempt in range(MAX_{U}_{N}):
                result = await self._send_{n}(request_id)
                if result is not None:
                    return result
        raise {A}Exhausted(request_id)
''',
    ),
    "lib/{a}/src/{n}_state.rs": (
        """use std::collections::HashMap;

pub const {U}_MASK: u64 = 0xFFFF;

pub struct {A}State {{
    {n}_ids: HashMap<u64, String>,
}}

impl {A}State {{
    pub fn hash_{n}_name(&self, name: &str) -> u64 {{
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish()
    }}
}}
""",
        """use std::collections::HashMap;

pub const {U}_MASK: u64 = (1 << 53) - 1;

pub struct {A}State {{
    {n}_ids: HashMap<u64, String>,
    capacity_{n}s: usize,
}}

impl {A}State {{
    pub fn hash_{n}_name(&self, name: &str) -> u64 {{
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        hasher.finish() & {U}_MASK
    }}

    pub fn remaining_{n}s(&self) -> usize {{
        self.capacity_{n}s.saturating_sub(self.{n}_ids.len())
    }}
}}
""",
    ),
    "pkg/{a}/{n}client.go": (
        """package {a}

import "net/http"

const default{A}Port = {i}

type {A}Client struct {{
	http *http.Client
}}

func (c *{A}Client) Fetch{A}(path string) (*http.Response, error) {{
	return c.http.Get(path)
}}
""",
        """package {a}

import (
	"context"
	"net/http"
)

const default{A}Port = {j}

type {A}Client struct {{
	http *http.Client
}}

func (c *{A}Client) Fetch{A}(ctx context.Context, path string) (*http.Response, error) {{
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path, nil)
	if err != nil {{
		return nil, err
	}}
	return c.http.Do(request)
}}
""",
    ),
    "web/src/{a}/use{A}.ts": (
        """import {{ useState }} from "react";

export function use{A}(url: string) {{
  const [{n}Count, set{A}Count] = useState(0);
  return {{ {n}Count, refreshInterval: {i} }};
}}
""",
        """import {{ useEffect, useState }} from "react";

export interface {A}Options {{
  pollWhenHidden?: boolean;
}}

export function use{A}(url: string, options: {A}Options = {{}}) {{
  const [{n}Count, set{A}Count] = useState(0);
  useEffect(() => subscribeTo{A}(url, set{A}Count), [url]);
  return {{ {n}Count, refreshInterval: {j} }};
}}
""",
    ),
    "deploy/helm/{a}/values.yaml": (
        """replicaCount: 1
{a}:
  image: registry.example.com/{a}:{w}
  port: {i}
  resources:
    limits:
      memory: 512Mi
""",
        """replicaCount: 1
{a}:
  image: registry.example.com/{a}:{x}
  port: {j}
  resources:
    limits:
      memory: 768Mi
  livenessProbe:
    path: /health/{a}
    periodSeconds: {j}
""",
    ),
    "container/Dockerfile.{a}": (
        """FROM python:{w}-slim
ENV {U}_HOME=/opt/{a}
RUN pip install --no-cache-dir {a}-core=={w}
CMD ["python", "-m", "{a}"]
""",
        """FROM python:{x}-slim
ENV {U}_HOME=/opt/{a}
ENV {U}_HTTP_TIMEOUT={j}
RUN pip install --no-cache-dir {a}-core=={x}
CMD ["python", "-m", "{a}", "--enable-{n}-pool"]
""",
    ),
    "docs/{a}/tuning.md": (
        """# Tuning the {a}

The {a} keeps {o} items. Set `{U}_LIMIT` to change that.
""",
        """# Tuning the {a}

The {a} keeps {v} items. Set `{U}_LIMIT` to change that, or pass `--{a}-limit`.

## Measuring

Run `bench_{a}` and look at `{n}_latency_ms`.
""",
    ),
    "Cargo.toml": (
        """[package]
name = "{a}-runtime"
version = "{w}"

[dependencies]
serde = "1.0.200"
""",
        """[package]
name = "{a}-runtime"
version = "{x}"

[dependencies]
serde = "1.0.200"
{a}-macros = {{ version = "{x}", features = ["{n}_trace"] }}
""",
    ),
    "migrations/0042_{n}_lease.sql": (
        "",
        """ALTER TABLE {n}s ADD COLUMN lease_until TIMESTAMP;
CREATE INDEX ix_{n}s_lease_until ON {n}s (lease_until);
UPDATE {n}s SET attempts = {i} WHERE attempts IS NULL;
""",
    ),
    "proto/{a}/v1/{a}.proto": (
        """message {A}Request {{
  string {n}_id = 1;
}}
""",
        """message {A}Request {{
  string {n}_id = 1;
  uint32 max_{n}s = 7;
}}
""",
    ),
}
_SUBJECTS = (
    "fix({a}): bound how long a {n} is waited for (#{p})",
    "feat({a}): tell {n}s apart (#{p})\n\nFollows up on #{q}, see also GH-{r}.",
    "refactor: make the {a} simpler",
    "perf({a}): ask fewer {n}s\n\nMeasured with {j} requests, 40% less waiting.",
    "chore(deps): bump {a}-core from {w} to {x} (#{p})",
    "feat({a})!: 支持新的 {n}（#{p}）",
)


def commits() -> Iterator[CommitDiff]:
    """49 commits of one to four files."""
    paths = list(_SOURCES)
    number = count()
    for cast in _CASTS:
        for start in range(7):
            nth = next(number)
            chosen = [paths[(start * 3 + step + nth) % len(paths)] for step in range(1 + nth % 4)]
            yield _commit(nth, cast, list(dict.fromkeys(chosen)))


def _commit(nth: int, cast: tuple[str, ...], templates: Sequence[str]) -> CommitDiff:
    a, capital, n, old, new, version, next_version = cast
    words = {
        "a": a,
        "A": capital,
        "U": a.upper(),
        "n": n,
        "N": n.upper(),
        "o": old,
        "v": new,
        "i": str(round(float(old) * 4)),
        "j": str(round(float(new) * 4)),
        "w": version,
        "x": next_version,
        "p": str(5200 + nth),
        "q": str(4100 + nth),
        "r": str(3300 + nth),
    }
    made = [_file(template, words) for template in templates]
    files = tuple(sorted((file for file, _ in made), key=lambda file: file.path))
    message = _SUBJECTS[nth % len(_SUBJECTS)].format(**words)
    told = replace(commit(message, *files), sha=f"{nth + 1:02x}" * 3 + "9c0ffee5a1d2e3f4b5c6d7e8f9a0b1c2d3")
    return CommitDiff(commit=told, patches={file.path: patch for file, patch in made})


def _file(template: str, words: dict[str, str]) -> tuple[FileChange, str]:
    before, after = (text.format(**words) for text in _SOURCES[template])
    patch = patch_of(before, after)
    lines = patch.split("\n")
    change = FileChange(
        path=template.format(**words),
        status=FileStatus.MODIFIED if before else FileStatus.ADDED,
        additions=sum(line.startswith("+") for line in lines),
        deletions=sum(line.startswith("-") for line in lines),
    )
    return change, patch


def patch_of(before: str, after: str) -> str:
    """As `CommitDiff.patches` has it."""
    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=_CONTEXT)
    return "\n".join(list(lines)[2:])
