"""Log lines: JSON for machines, coloured lines on a terminal, and never a secret in either."""

import json
import logging
import re
import sys
from collections.abc import Collection, Iterator, Mapping, MutableMapping
from types import TracebackType
from typing import Any, Final
from urllib.parse import quote, quote_plus

import structlog

_HIDDEN: Final = "[secret]"
#: Characters of the shortest secret: replacing a shorter one would make lines unreadable.
_SECRET_MIN: Final = 4
#: What Postgres says of a row that it refuses, which may be a commit:
#: https://www.postgresql.org/docs/current/protocol-error-fields.html
_ROW: Final = re.compile(r"(Failing row contains )\(.*?\)\.(?=\n\nThe above|\n\[SQL:|\Z)", re.DOTALL)

log = structlog.get_logger()


def configure_logging(*, secrets: Collection[str], level: int = logging.INFO) -> None:
    """Sends our events and everything that libraries log through one handler to standard error."""
    on_terminal = sys.stderr.isatty()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        _Redaction(secrets),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer() if on_terminal else structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("bot", "handlers"):
        logging.getLogger(ours).setLevel(level)
    sys.excepthook = _log_crash


def _log_crash(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Python would write it to standard error as it is, with all that stands in it."""
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("bot.crashed", exc_info=(kind, error, traceback))


class _Redaction:
    """Replaces the configured secrets wherever they appear, also inside tracebacks and other libraries' lines."""

    def __init__(self, secrets: Collection[str]) -> None:
        written = {form for secret in secrets if len(secret) >= _SECRET_MIN for form in _written(secret)}
        # The longest first, so that no secret survives in part because it contains another one.
        self._secrets = sorted(written, key=len, reverse=True)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        # Those with an underscore are structlog's own, and are not written.
        return {key: value if key.startswith("_") else self._redact(value) for key, value in event.items()}

    def _redact(self, value: Any) -> Any:
        """The same, or as text what is neither text nor number nor made of them."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self._redact_text(value)
            case Mapping():
                return {self._redact(key): self._redact(each) for key, each in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self._redact(each) for each in value]
            case _:
                return self._redact_text(repr(value))

    def _redact_text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _HIDDEN)
        return _ROW.sub(rf"\1{_HIDDEN}", text)


def _written(secret: str) -> Iterator[str]:
    """The forms in which addresses, JSON and representations write it."""
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
