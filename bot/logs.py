"""Log lines: JSON for machines, coloured lines on a terminal, and never a secret in either."""

import logging
import sys
from collections.abc import Collection, MutableMapping
from typing import Any

import structlog

_HIDDEN = "[secret]"


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


class _Redaction:
    """Replaces the configured secrets wherever they appear, also inside tracebacks and other libraries' lines."""

    def __init__(self, secrets: Collection[str]) -> None:
        # The longest first, so that no secret survives in part because it contains another one.
        self._secrets = sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True)

    def __call__(self, _logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        return {key: self._redact(value) for key, value in event.items()}

    def _redact(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for secret in self._secrets:
            value = value.replace(secret, _HIDDEN)
        return value
