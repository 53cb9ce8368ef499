"""Names that prose may use of itself: they look like identifiers, and nobody takes them for the commit's."""

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PRODUCTS: Final = """
    GitHub GitLab BitBucket YouTube LinkedIn OpenAI DeepSeek ChatGPT LangChain LlamaIndex HuggingFace PyTorch PyPI
    PyGithub NumPy SciPy TensorFlow TensorRT TensorRT-LLM TRT-LLM TRTLLM SGLang FastAPI GraphQL gRPC JavaScript
    TypeScript CoffeeScript WebAssembly WebSocket WebSockets WebRTC NodeJS NextJS VueJS ReactJS AngularJS Node.js
    Next.js Vue.js Nuxt.js Three.js D3.js Express.js React.js Chart.js Deno.js ASP.NET .NET Socket.IO PostgreSQL
    MySQL MariaDB SQLite MongoDB NoSQL DynamoDB CouchDB InfluxDB ClickHouse DuckDB CockroachDB TimescaleDB
    RabbitMQ ActiveMQ ZeroMQ LevelDB RocksDB OpenSearch ElasticSearch OpenTelemetry OpenAPI OpenSSL OpenSSH OpenCV
    OpenMP OpenCL OpenGL OpenShift OpenStack CentOS macOS iOS iPadOS watchOS tvOS FreeBSD OpenBSD NetBSD AppImage
    CloudFormation CloudFront CloudWatch CircleCI TravisCI JetBrains IntelliJ PyCharm VSCode PowerShell OAuth
    OAuth2 OpenID SaaS PaaS IaaS DevOps GitOps MLOps DevSecOps KServe KubeVirt MicroK8s NVLink NVMe InfiniBand
    CUDA cuDNN cuBLAS vLLM LoRA QLoRA LLaMA LLaVA ONNX PoC QoS DoS DDoS IoT JUnit PyTest NUnit XUnit LaTeX MathML
    YAML JSON Base64 LaunchDarkly GraalVM LLVM MinIO docker npm pip git make cargo pytest bash
"""
#: Standards and widths whose digits are part of the name.
_NUMBERED: Final = """
    IPv4 IPv6 UTF-8 UTF8 UTF-16 UTF-32 SHA-1 SHA1 SHA-256 SHA256 SHA-512 SHA512 MD5 Base64 base64 base32 HTTP/1.1
    HTTP/2 HTTP/3 HTTP2 HTTP3 H2 K8s k8s k3s S3 EC2 i18n l10n a11y OAuth2 OAuth2.0 x86 x86_64 x86-64 amd64 arm64
    aarch64 IEEE-754 IEEE754 ISO-8601 ISO8601 RFC3339 p50 p90 p95 p99 P50 P90 P95 P99 f16 f32 f64 fp8 fp16 fp32
    fp64 bf16 u8 u16 u32 u64 i8 i16 i32 i64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32
    float64 Web3 Python3 Ed25519
"""
#: Literals and words of many languages, which somebody may put between backticks.
_LITERALS: Final = """
    None null nil undefined true false True False NULL int str string bool boolean float double void dict list
    tuple set bytes object async await self this const static return import export public private class def fn
    func function
"""
PRODUCTS: Final = frozenset(name.casefold() for name in (_PRODUCTS + _NUMBERED).split())
LITERALS: Final = frozenset(_LITERALS.split())
#: Slashes that join words, not folders: every part is one of these, or an acronym, or stands in the commit.
JOINED: Final = _words(
    """
    and or read write reads writes input output client server request response success failure start stop on off
    yes no true false send receive get set add remove load save open close push pull up down in out old new before
    after sync async enable disable create update delete encode decode serialize deserialize key value host port
    success error import export source target parent child left right top bottom
    """
)
#: Folders by which a path is known as one wherever it begins so.
STRUCTURE: Final = _words(
    """
    src lib libs pkg cmd internal app apps crates packages components modules tests test docs doc examples scripts
    tools bin include vendor deploy deployments charts web
    """
)
#: Whom a change affects: nobody looks for them in a diff.
AUDIENCES: Final = _words(
    """
    user users operator operators developer developers client clients caller callers consumer consumers maintainer
    maintainers contributor contributors test tests docs documentation ci build builds deployment deployments
    runtime release releases downstream upstream dependencies dependency configuration tooling everyone
    """
)
ACRONYM: Final = re.compile(r"[A-Z][A-Z0-9]{0,5}s?")


def is_known(name: str) -> bool:
    """Whether prose may use it: a product, a standard, or what is made of one, such as `PyTorch-based`."""
    folded = name.casefold()
    return folded in PRODUCTS or folded.rstrip("s") in PRODUCTS
