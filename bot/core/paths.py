"""What kind of file a path names, from the path alone."""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final


class FileClass(StrEnum):
    SOURCE = "source"
    #: What others program against: HTTP routes, wire formats, schemas, command lines.
    API = "api"
    MIGRATION = "migration"
    TEST = "test"
    #: Shown or measured with the product, no part of it: examples, samples, benchmarks.
    EXAMPLE = "example"
    CONFIG = "config"
    BUILD = "build"
    DEPLOYMENT = "deployment"
    #: Where a project names what it depends on.
    DEPENDENCY = "dependency"
    CI = "ci"
    DOCS = "docs"
    LOCK = "lock"
    GENERATED = "generated"
    VENDORED = "vendored"
    BINARY = "binary"


#: Characters of a path that people see; systems allow thousands.
PATH_MAX: Final = 300


def printable(text: str) -> str:
    """A path, or what else others wrote, as it can stand within a line: the unseen escaped, of long ones the end."""
    shown = text if text.isprintable() else ascii(text)[1:-1]
    return shown if len(shown) <= PATH_MAX else "…" + shown[1 - PATH_MAX :]


@lru_cache(maxsize=16_384)
def classify(path: str, *, without: frozenset[FileClass] = frozenset()) -> FileClass:
    """The class of the first pattern that matches; a path that matches none is source.

    `without` are classes that the repository itself denies to the file.
    """
    patterns = (named for named in _PATTERNS if named[0] not in without)
    return next((file_class for file_class, pattern in patterns if pattern.search(path)), FileClass.SOURCE)


def _folder(*names: str) -> str:
    """Anything below a folder of one of these names, wherever that is."""
    return rf"(^|/)({'|'.join(names)})/"


def _name(*names: str) -> str:
    """A file whose whole name is one of these."""
    return rf"(^|/)({'|'.join(names)})$"


def _suffix(*suffixes: str) -> str:
    return rf"\.({'|'.join(suffixes)})$"


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_CODE: Final = (
    r"py|pyi|pyx|rs|go|c|h|cc|cpp|cxx|hpp|cu|cuh|java|kt|scala|swift|m|mm|cs|fs|rb|php|js|mjs|cjs|jsx|ts|tsx|vue|svelte"
    r"|ex|exs|erl|hs|ml|clj|dart|lua|zig|jl|r|pl|sh|bash|ps1"
)
_DATA: Final = r"ya?ml|json5?|toml|tpl|jinja2?|j2"

#: The order decides: a lock file in a vendored folder is vendored, a test of the API is a test.
#: Generated, lock and vendored names follow https://github.com/github-linguist/linguist (generated.rb, vendor.yml).
_PATTERNS: Final = (
    (
        FileClass.VENDORED,
        _any(_folder("vendor", "vendored", "third[_-]?party", "node_modules", "bower_components", "Godeps")),
    ),
    (
        FileClass.LOCK,
        _any(
            _name(
                r"[\w.-]+\.lock",
                r"[\w.-]*\.lockfile",
                r"package-lock\.json",
                r"npm-shrinkwrap\.json",
                r"pnpm-lock\.ya?ml",
                r"go\.(work\.)?sum",
                r"bun\.lockb",
                r"Package\.resolved",
                r"packages\.lock\.json",
            )
        ),
    ),
    (
        FileClass.BINARY,
        _any(
            _suffix(
                "png|jpe?g|gif|webp|ico|bmp|tiff?|avif|heic|psd|svgz",
                "mp[34]|m4a|wav|flac|ogg|webm|mov|avi",
                "zip|gz|tgz|bz2|xz|zst|7z|rar|tar|jar|war|whl|deb|rpm|dmg|iso",
                "pdf|docx?|xlsx?|pptx?|ttf|otf|woff2?|eot",
                "so|dylib|dll|exe|a|o|obj|class|pyc|wasm|bin|dat|pkl|npy|npz|parquet|onnx|safetensors|pt|pth|gguf|db|sqlite3?",
            )
        ),
    ),
    (
        FileClass.GENERATED,
        _any(
            _folder("__generated__", "generated", "gen", "dist", "__snapshots__", "snapshots", r"zz_generated[\w.-]*"),
            r"_pb2(_grpc)?\.pyi?$",
            r"\.pb(\.gw)?\.go$",
            r"\.pb\.(h|cc)$",
            r"(_gen|\.gen|_generated|\.generated|\.designer)\.\w+$",
            r"(^|/)zz_generated[^/]*$",
            r"[.-]min\.(js|css)$",
            r"\.(js|css)\.map$",
            _suffix("snap", "ambr"),
            r"(^|/)(attributions|third[_-]?party[_-]?(notices?|licen[sc]es?)|notices?)[\w.-]*$",
        ),
    ),
    (
        FileClass.TEST,
        _any(
            _folder("tests?", "testing", "testdata", "test[_-]?(data|utils?|fixtures?)", "__tests__", "spec", "e2e"),
            _name(r"(test|tests)[_-][^/]*", r"[^/]+[_.-](tests?|spec)\.\w+", r"conftest\.py", r"tests?\.rs"),
        ),
    ),
    (
        FileClass.CI,
        _any(
            r"^\.github/(?!.*\.md$)",
            r"^\.(gitlab|circleci|buildkite|travis|azure-pipelines|forgejo|gitea|woodpecker)\b",
            _name(r"Jenkinsfile", r"azure-pipelines\.ya?ml", r"bitbucket-pipelines\.yml", r"\.pre-commit-config\.yaml"),
            _name(r"codecov\.ya?ml", r"CODEOWNERS", r"renovate\.json5?", r"tox\.ini", r"noxfile\.py"),
        ),
    ),
    (
        FileClass.MIGRATION,
        _any(
            rf"(^|/)(migrations|db/migrate|alembic/versions|flyway|liquibase)/[^\n]*\.({_CODE}|sql|xml|ya?ml)$",
            r"(^|/)V\d+(_\d+)*__[^/]+\.sql$",
        ),
    ),
    (
        FileClass.DOCS,
        _any(
            _folder("docs?", "documentation", "fern"),
            _suffix("mdx?|markdown|rst|adoc|asciidoc|tex|drawio|puml|mmd|d2|svg"),
            _name(r"(licen[sc]e|copying|authors|contributors|changelog|changes|readme|security|maintainers)[\w.-]*"),
        ),
    ),
    (
        FileClass.EXAMPLE,
        _any(_folder("examples?", "samples?", "demos?", "tutorials?", "benchmarks?", "benches", "playground")),
    ),
    (
        FileClass.DEPENDENCY,
        _any(
            _name(
                r"Cargo\.toml|pyproject\.toml|Pipfile|package\.json|bower\.json|composer\.json|go\.(mod|work)",
                r"Gemfile|[^/]+\.gemspec|pom\.xml|(build|settings)\.gradle(\.kts)?|libs\.versions\.toml|mix\.exs|deps\.edn",
                r"Package\.swift|Podfile|pubspec\.yaml|[^/]+\.cabal|vcpkg\.json|conanfile\.\w+|environment\.ya?ml",
                r"Directory\.Packages\.props|[^/]+\.(cs|fs|vb)proj",
                r"(requirements|constraints)[^/]*\.(txt|in)",
            ),
            r"(^|/)requirements/[^/]+\.(txt|in)$",
        ),
    ),
    (
        FileClass.API,
        _any(
            _suffix("proto|graphqls?|gql|thrift|avsc|fbs|capnp|xsd|wsdl|smithy|tsp"),
            r"\.schema\.json$",
            rf"(^|/)[^/]*(openapi|swagger)[^/]*\.({_DATA})$",
            rf"(^|/)crds?/(?!([^\n]*/)?(Chart|values)\b)[^\n]*\.({_DATA})$",
            rf"(^|/)(apis?|protocols?|schemas?|routes|endpoints|cli)/[^\n]*\.({_CODE}|sql)$",
            rf"(^|/)(apis?|protocols?|schemas?|routes|endpoints|cli|args|argparse|flags|options|backend_args)\.({_CODE})$",
        ),
    ),
    (
        FileClass.DEPLOYMENT,
        _any(
            r"(^|/)([\w.-]*\.)?(Docker|Container)file([.-][\w.-]+)?$",
            r"(^|/)(docker-)?compose[\w.-]*\.ya?ml$",
            r"(^|/)(Chart|values[\w.-]*|kustomization|skaffold|helmfile|serverless|fly|render|app)\.(ya?ml|toml)$",
            rf"(^|/)(helm|charts|k8s|kubernetes|kustomize|manifests|terraform|ansible|deploy|deployments?)/[^\n]*\.({_DATA}|tfvars)$",
            r"(^|/)(helm|charts)/[^\n]*/(templates|files)/",
            r"(^|/)(deploy|deployment|service|ingress|statefulset|daemonset)[\w-]*\.ya?ml$",
            r"(^|/)templates/[^/]*docker[^/]*$",
            _suffix("tf|hcl|nomad|service"),
            _name("Procfile"),
        ),
    ),
    (
        FileClass.BUILD,
        _any(
            _folder(r"\.devcontainer", "cmake", r"\.cargo"),
            _name(
                r"(GNU)?Makefile[\w.-]*|CMakeLists\.txt|meson(\.build|_options\.txt)|configure(\.ac)?|BUILD(\.bazel)?",
                r"WORKSPACE(\.bazel)?|MODULE\.bazel|justfile|Earthfile|Rakefile|Taskfile\.ya?ml|build\.rs|hatch_build\.py",
                r"rust-toolchain(\.toml)?|setup\.(cfg|py)|MANIFEST\.in|gradle\.properties|gradlew(\.bat)?|webpack\.config\.\w+",
                r"build\.(sh|py|ps1|xml)|(vite|rollup|babel|tsup)\.config\.\w+|\.dockerignore|flake\.nix|shell\.nix|default\.nix",
            ),
            _suffix("mk|cmake|bzl|nix|spec"),
        ),
    ),
    (
        FileClass.CONFIG,
        _any(
            _suffix("ya?ml|json[5cl]?|toml|ini|cfg|conf|properties|env|editorconfig|xml|plist|csv|tsv|rules"),
            r"(^|/)\.[^/]+$",
            r"(^|/)\.(claude|cursor|vscode|idea|ai|agents|codex)/",
        ),
    ),
    (FileClass.DOCS, _any(_suffix("txt"))),
)
