import time

import pytest
from hypothesis import given

from bot.core.paths import PATH_MAX, FileClass, classify, printable
from tests.understanding.commits import anything

CLASSES = [
    ("lib/llm/src/kv_router/indexer.rs", FileClass.SOURCE),
    ("components/src/dynamo/vllm/main.py", FileClass.SOURCE),
    ("bin/start", FileClass.SOURCE),
    ("lib/llm/src/protocols/openai/nvext.rs", FileClass.API),
    ("deploy/operator/api/v1alpha1/dynamo_model_types.go", FileClass.API),
    ("deploy/helm/charts/crds/templates/nvidia.com_dynamocheckpoints.yaml", FileClass.API),
    ("proto/service.proto", FileClass.API),
    ("web/openapi.json", FileClass.API),
    ("components/src/dynamo/sglang/args.py", FileClass.API),
    ("db/migrate/20260101_add_users.rb", FileClass.MIGRATION),
    ("bot/adapters/database/migrations/versions/0001_start.py", FileClass.MIGRATION),
    ("sql/V2__drop_names.sql", FileClass.MIGRATION),
    ("lib/llm/src/migration.rs", FileClass.SOURCE),
    ("tests/fault_tolerance/migration/test_vllm.py", FileClass.TEST),
    ("deploy/operator/internal/dynamo/graph_test.go", FileClass.TEST),
    ("web/src/button.spec.ts", FileClass.TEST),
    ("tests/api/openapi.json", FileClass.TEST),
    ("examples/backends/vllm/launch/agg.sh", FileClass.EXAMPLE),
    ("benchmarks/router/ping.sh", FileClass.EXAMPLE),
    ("config/settings.yaml", FileClass.CONFIG),
    (".gitignore", FileClass.CONFIG),
    ("lib/llm/build.rs", FileClass.BUILD),
    ("deploy/operator/Makefile", FileClass.BUILD),
    ("container/Dockerfile.vllm", FileClass.DEPLOYMENT),
    ("container/templates/dev.Dockerfile", FileClass.DEPLOYMENT),
    ("deploy/helm/charts/platform/values.yaml", FileClass.DEPLOYMENT),
    ("deploy/helm/charts/crds/Chart.yaml", FileClass.DEPLOYMENT),
    ("recipes/llama-3-70b/vllm/agg/deploy.yaml", FileClass.DEPLOYMENT),
    ("infra/main.tf", FileClass.DEPLOYMENT),
    ("Cargo.toml", FileClass.DEPENDENCY),
    ("container/deps/requirements.txt", FileClass.DEPENDENCY),
    ("deploy/chrek/go.mod", FileClass.DEPENDENCY),
    (".github/workflows/pre-merge.yml", FileClass.CI),
    (".gitlab-ci.yml", FileClass.CI),
    (".github/PULL_REQUEST_TEMPLATE.md", FileClass.DOCS),
    ("README.md", FileClass.DOCS),
    ("docs/conf.py", FileClass.DOCS),
    ("LICENSE", FileClass.DOCS),
    ("docs/api/reference.md", FileClass.DOCS),
    ("Cargo.lock", FileClass.LOCK),
    ("deploy/operator/go.sum", FileClass.LOCK),
    ("web/package-lock.json", FileClass.LOCK),
    ("deploy/operator/api/v1alpha1/zz_generated.deepcopy.go", FileClass.GENERATED),
    ("proto/service_pb2.py", FileClass.GENERATED),
    ("web/app.min.js", FileClass.GENERATED),
    ("lib/llm/tests/snapshots/preprocessor.snap", FileClass.GENERATED),
    ("ATTRIBUTIONS-Rust.md", FileClass.GENERATED),
    ("vendor/github.com/a/b/go.sum", FileClass.VENDORED),
    ("third_party/zlib/zlib.c", FileClass.VENDORED),
    ("docs/images/trace.png", FileClass.BINARY),
    ("models/tiny.safetensors", FileClass.BINARY),
]


@pytest.mark.parametrize(("path", "expected"), CLASSES, ids=[path for path, _ in CLASSES])
def test_a_path_tells_what_kind_of_file_it_names(path: str, expected: FileClass) -> None:
    assert classify(path) is expected


def test_every_class_has_an_example() -> None:
    assert {expected for _, expected in CLASSES} == set(FileClass)


@given(anything)
def test_any_text_has_a_class(path: str) -> None:
    assert classify(path) in FileClass


@pytest.mark.parametrize("part", ["api/", "crds/", "a", "helm/", "V1_", "openapi", "migrations/"])
def test_the_longest_path_a_system_allows_is_classified_at_once(part: str) -> None:
    started = time.process_time()
    classify((part * 4096)[:4096])
    assert time.process_time() - started < 0.5


@given(anything)
def test_a_path_can_be_shown_within_a_line(path: str) -> None:
    assert printable(path).isprintable()


def test_of_a_long_path_the_end_is_shown() -> None:
    shown = printable("folder/" * 500 + "name.py")
    assert len(shown) == PATH_MAX
    assert shown.startswith("…")
    assert shown.endswith("/name.py")
