"""Configuration: read once from the environment and `.env`, with every problem told at once."""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from platformdirs import user_cache_path, user_data_path
from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot.core.days import parse_zone
from bot.core.errors import BotError, NotUnderstood
from bot.core.model import Language, Repo
from bot.core.prices import Price, parse_prices
from bot.core.retention import Retention

#: Characters of an encryption key, so that nobody guesses it.
KEY_MIN: Final = 32

#: Characters at the end of an address to ping that nobody guesses; shorter ones are words such as `ping`.
_PING_TOKEN_MIN: Final = 16

_APP = "dynamo-digest"
_INHERITED = (
    "PATH", "HOME", "USERPROFILE", "SYSTEMROOT", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
    "REQUESTS_CA_BUNDLE",  # read by the SDK of Feishu's long connection
    "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSH_AUTH_SOCK",
)  # fmt: skip

#: As `str.startswith` takes them; the last is how some hosts of databases write the one before.
_DATABASES: Final = ("sqlite:///", "postgresql://", "postgres://")

#: https://open.feishu.cn/document/server-docs/getting-started/server-api-list and its counterpart outside China
_FEISHU_DOMAINS: Final = {"feishu": "https://open.feishu.cn", "lark": "https://open.larksuite.com"}


#: Days that each has to be kept at least.
_RETAINED: Final = {
    "retention_deliveries_days": 40,  # a revert within 30 days corrects what was posted
    "retention_posts_days": 1,
    "retention_model_calls_days": 2,  # today's count against the budget, and show in status
    "retention_diffs_days": 14,  # late arrivals and force pushes are looked for in the last days
}


class SettingsInvalid(BotError):
    """The configuration is not valid."""


class _SecretFiles(PydanticBaseSettingsSource):
    """`NAME_FILE` names a file that holds the value of NAME, as container platforms mount secrets."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        path = os.environ.get(f"{field_name.upper()}_FILE", "")
        return (Path(path).read_text().strip() if path else None), field_name, False

    def __call__(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, field in self.settings_cls.model_fields.items():
            if field.annotation in {SecretStr, SecretStr | None}:
                value, key, _ = self.get_field_value(field, name)
                values |= {key: value} if value is not None else {}
        return values


class Settings(BaseSettings):
    """Every setting is the environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(
        env_file=".env",
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,  # values may be secrets
        frozen=True,
    )

    #: `sqlite:///FILE` or `postgresql://…`.
    database_url: str = Field(default_factory=lambda: f"sqlite:///{user_data_path(_APP) / 'digest.db'}")
    #: Where clones are kept that the bot makes for itself; they can be deleted at any time.
    cache_dir: Path = Field(default_factory=lambda: user_cache_path(_APP))

    digest_default_repo: str = "ai-dynamo/dynamo"
    #: Repositories, separated by commas, that may be asked for even if they are private: `owner/name` by everybody,
    #: `owner/name@T0123` in one workspace.
    digest_private_repos: str = ""
    #: Repositories, separated by commas, whose pages everybody may see who reaches the archive; others that are known
    #: to be public are shown as well.
    archive_repos: str = ""
    digest_timezone: str = "Asia/Shanghai"
    #: In which people are answered who have not chosen one.
    digest_language: Language = Language.EN
    digest_source: Literal["auto", "github", "git"] = "auto"
    #: A local clone to read the default repository from, instead of one that the bot makes for itself.
    digest_git_dir: Path | None = None
    #: Where the git source clones from.
    git_url: str = ""

    github_token: SecretStr | None = None
    github_api_url: str = "https://api.github.com"
    #: Whether the labels of pull requests count, which costs one more request for each commit.
    github_labels: bool = False
    github_app_id: int | None = None
    github_app_private_key: SecretStr | None = None

    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = ""
    #: Seconds that one call may take.
    openai_timeout: float = Field(default=90, gt=0)
    #: Requests at once of one process; as many as the host allows.
    openai_max_in_flight: int = Field(default=8, gt=0)
    #: Tokens that one answer may have, thoughts included.
    openai_max_tokens: int = Field(default=12_000, gt=0)
    #: Left to the host unless it is set.
    openai_temperature: float | None = Field(default=None, ge=0, le=2)
    #: Where the host has several: flex is cheap and slow.
    openai_service_tier: Literal["auto", "default", "flex", "priority"] | None = None
    #: What may be spent in a day (UTC), of prompts and answers.
    openai_budget_tokens: int | None = Field(default=None, gt=0)
    openai_budget_usd: float | None = Field(default=None, gt=0)
    #: US dollars per million tokens: `model=prompt/completion[/cached],…`, or a JSON object of these.
    openai_prices: str = ""

    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_client_id: str = ""
    slack_client_secret: SecretStr | None = None
    slack_api_url: str = "https://slack.com/api/"
    #: Kinds of block that all workspaces are known to draw, separated by commas: container, data_visualization.
    slack_native_blocks: Annotated[frozenset[Literal["container", "data_visualization"]], NoDecode] = frozenset()
    #: With which stored tokens are encrypted, separated by commas, the newest first; else SLACK_CLIENT_SECRET is used.
    token_encryption_keys: SecretStr | None = None

    feishu_app_id: str = ""
    feishu_app_secret: SecretStr | None = None
    #: feishu, lark (outside China), or the base address of either behind a proxy.
    feishu_domain: str = "feishu"
    #: Makes Feishu's events come to PUBLIC_URL/feishu/events, encrypted and signed, instead of by long connection.
    feishu_encrypt_key: SecretStr | None = None
    feishu_verification_token: SecretStr | None = None
    #: Of one group's custom bot, which gets the default repository's digests and hears nothing. It is a secret.
    feishu_webhook_url: SecretStr | None = None
    feishu_webhook_secret: SecretStr | None = None

    #: With which links to pages of private repositories are signed, separated by commas, the newest first; else
    #: TOKEN_ENCRYPTION_KEYS are used. Without any, no message links to such pages.
    link_keys: SecretStr | None = None

    #: Is asked once a minute while all goes well, so that somebody notices when it is not. It is a secret.
    ping_url: SecretStr | None = None

    #: Days after which what nobody asks for any more is forgotten; 0 keeps it for ever. Digests, analyses, feedback and
    #: subscriptions are always kept, and so is the newest delivery of each, and what is under way.
    #: Deliveries: a posted digest is corrected in place only while its row is there, and figures are made of the rows.
    retention_deliveries_days: int = Field(default=400, ge=0)
    #: Digests that stand in channels: questions in the thread of a forgotten one are not understood.
    retention_posts_days: int = Field(default=400, ge=0)
    #: What each call to the model cost.
    retention_model_calls_days: int = Field(default=400, ge=0)
    #: Changes of commits, most of what is stored: to deepen or retry an analysis, the source is read again.
    retention_diffs_days: int = Field(default=0, ge=0)

    #: Base address of a collector for OpenTelemetry, which gets spans over OTLP/HTTP; needs the extra `otel`.
    otel_exporter_otlp_endpoint: str = ""
    #: What the collector wants to be sent with them: `api-key=…,tenant=…`.
    otel_exporter_otlp_headers: SecretStr | None = None

    #: At which the outside reaches HOST and PORT.
    public_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, _SecretFiles(settings_cls), dotenv_settings

    @field_validator("database_url")
    @classmethod
    def _is_database(cls, value: str) -> str:
        if not value.startswith(_DATABASES):
            raise ValueError("must be sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE")
        return value

    @field_validator("digest_timezone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        return _or_value_error(lambda: parse_zone(value).key)

    @field_validator("digest_default_repo")
    @classmethod
    def _is_repository(cls, value: str) -> str:
        return _or_value_error(lambda: str(Repo.parse(value)))

    @field_validator("digest_private_repos")
    @classmethod
    def _are_repositories(cls, value: str) -> str:
        return _or_value_error(lambda: ",".join(_private_repo(name) for name in _listed(value)))

    @field_validator("archive_repos")
    @classmethod
    def _are_repositories_of_all(cls, value: str) -> str:
        return _or_value_error(lambda: ",".join(str(Repo.parse(name)) for name in _listed(value)))

    @field_validator("slack_native_blocks", mode="before")
    @classmethod
    def _are_separated_by_commas(cls, value: object) -> object:
        return _listed(value) if isinstance(value, str) else value

    @field_validator("token_encryption_keys", "link_keys")
    @classmethod
    def _are_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and any(len(key) < KEY_MIN for key in _listed(value.get_secret_value())):
            raise ValueError(
                f"each key must have at least {KEY_MIN} characters, such as `openssl rand -base64 32` prints"
            )
        return value

    @field_validator("openai_prices")
    @classmethod
    def _are_prices(cls, value: str) -> str:
        parse_prices(value)
        return value

    @field_validator(
        "github_api_url", "openai_base_url", "slack_api_url", "git_url", "public_url", "otel_exporter_otlp_endpoint"
    )
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if value and not urlsplit(value).scheme:
            raise ValueError("must be an address such as https://host/path")
        return value

    @field_validator("feishu_domain")
    @classmethod
    def _is_domain(cls, value: str) -> str:
        if value not in _FEISHU_DOMAINS and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("must be feishu, lark, or an address such as https://host")
        return value.rstrip("/")

    @field_validator("feishu_webhook_url")
    @classmethod
    def _is_secret_address(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {"http", "https"}:
            raise ValueError("must be an address such as https://host/open-apis/bot/v2/hook/…")
        return value

    @field_validator("ping_url")
    @classmethod
    def _is_secret_page(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {"http", "https"}:
            raise ValueError("must be an address such as https://hc-ping.com/…")
        return value

    @field_validator("public_url")
    @classmethod
    def _has_no_slash_at_its_end(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator(*_RETAINED)
    @classmethod
    def _is_needed_no_longer(cls, value: int, info: ValidationInfo) -> int:
        least = _RETAINED[info.field_name or ""]
        if 0 < value < least:
            raise ValueError(f"must be at least {least} days, or 0 to keep it for ever")
        return value

    @model_validator(mode="after")
    def _belongs_together(self) -> "Settings":
        problems = [*self._problems_of_slack(), *self._problems_of_feishu()]
        if (self.openai_api_key or self.openai_base_url) and not self.openai_model:
            problems.append("OPENAI_API_KEY and OPENAI_BASE_URL need OPENAI_MODEL")
        if self.openai_model and not (self.openai_api_key or self.openai_base_url):
            problems.append("OPENAI_MODEL needs OPENAI_API_KEY, or OPENAI_BASE_URL of a server that takes none")
        if self.openai_budget_usd is not None and self.openai_model not in self.prices:
            problems.append("OPENAI_BUDGET_USD needs the price of OPENAI_MODEL in OPENAI_PRICES")
        if both := self.archive_repos_of & self.private_repos:
            problems.append(f"ARCHIVE_REPOS and DIGEST_PRIVATE_REPOS both name {min(map(str, both))}")
        if bool(self.github_app_id) != bool(self.github_app_private_key):
            problems.append("GITHUB_APP_ID and GITHUB_APP_PRIVATE_KEY need each other")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _problems_of_slack(self) -> Iterator[str]:
        is_heard = self.slack_app_token or self.slack_signing_secret
        if self.slack_bot_token and not is_heard:
            yield "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)"
        if is_heard and not (self.slack_bot_token or self.slack_client_id):
            yield "SLACK_APP_TOKEN and SLACK_SIGNING_SECRET need SLACK_BOT_TOKEN, or SLACK_CLIENT_ID for many of them"
        if self.slack_bot_token and self.slack_client_id:
            yield "SLACK_BOT_TOKEN is for one workspace and SLACK_CLIENT_ID for many, so set only one of them"
        if bool(self.slack_client_id) != bool(self.slack_client_secret):
            yield "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET need each other"
        if self.slack_client_id and not is_heard:
            yield "SLACK_CLIENT_ID needs SLACK_SIGNING_SECRET (HTTP) or SLACK_APP_TOKEN (Socket Mode)"
        if self.slack_client_id and not self.public_url:
            yield "SLACK_CLIENT_ID needs PUBLIC_URL, where people come back to after they have installed the app"

    def _problems_of_feishu(self) -> Iterator[str]:
        if bool(self.feishu_app_id) != bool(self.feishu_app_secret):
            yield "FEISHU_APP_ID and FEISHU_APP_SECRET need each other"
        if self.feishu_encrypt_key and not self.feishu_app_id:
            yield "FEISHU_ENCRYPT_KEY needs FEISHU_APP_ID"
        if self.feishu_verification_token and not self.feishu_encrypt_key:
            yield "FEISHU_VERIFICATION_TOKEN needs FEISHU_ENCRYPT_KEY, without which events are not signed"
        if self.feishu_webhook_secret and not self.feishu_webhook_url:
            yield "FEISHU_WEBHOOK_SECRET needs FEISHU_WEBHOOK_URL"

    @property
    def shares_database(self) -> bool:
        """Whether several processes, on several machines, may use it at once."""
        return not self.database_url.startswith("sqlite:")

    @property
    def github_host(self) -> str:
        """The host of repository pages: https://docs.github.com/en/enterprise-server/rest/quickstart"""
        host = urlsplit(self.github_api_url).hostname or "github.com"
        return "github.com" if host == "api.github.com" else host

    @property
    def prices(self) -> Mapping[str, Price]:
        """Of models, by name."""
        return parse_prices(self.openai_prices)

    @property
    def default_repo(self) -> Repo:
        return Repo.parse(self.digest_default_repo, host=self.github_host)

    @property
    def private_repos(self) -> frozenset[Repo]:
        """All of them, whoever may ask for them."""
        return frozenset(self.private_repos_of)

    @property
    def private_repos_of(self) -> Mapping[Repo, frozenset[str]]:
        """The workspaces that may ask for each; none means everybody."""
        allowed: dict[Repo, set[str]] = {}
        for entry in _listed(self.digest_private_repos):
            name, _, workspace = entry.partition("@")
            allowed.setdefault(Repo.parse(name, host=self.github_host), set()).add(workspace)
        return {repo: frozenset() if "" in named else frozenset(named) for repo, named in allowed.items()}

    @property
    def archive_repos_of(self) -> frozenset[Repo]:
        """Those that the archive shows to everybody because the operator says so."""
        return frozenset(Repo.parse(name, host=self.github_host) for name in _listed(self.archive_repos))

    @property
    def slack_authorization_url(self) -> str:
        """Where people go to install the app: https://docs.slack.dev/authentication/installing-with-oauth"""
        return f"{self.slack_api_url.rstrip('/').removesuffix('/api')}/oauth/v2/authorize"

    @property
    def uses_slack(self) -> bool:
        return bool(self.slack_bot_token or self.slack_client_id)

    @property
    def uses_feishu(self) -> bool:
        return bool(self.feishu_app_id)

    @property
    def uses_chat(self) -> bool:
        """Whether there is any platform to deliver to."""
        return self.uses_slack or self.uses_feishu or self.feishu_webhook_url is not None

    @property
    def feishu_base_url(self) -> str:
        return _FEISHU_DOMAINS.get(self.feishu_domain, self.feishu_domain)

    @property
    def encryption_keys(self) -> tuple[str, ...]:
        """For stored tokens, the newest first; empty without Slack's OAuth."""
        given = self.token_encryption_keys or self.slack_client_secret
        if given is None:
            return ()
        secret = given.get_secret_value()
        return tuple(_listed(secret)) if self.token_encryption_keys else (secret,)

    @property
    def signing_keys(self) -> tuple[str, ...]:
        """For links, the newest first; empty where nothing can be signed."""
        if self.link_keys is None:
            return self.encryption_keys
        return tuple(_listed(self.link_keys.get_secret_value()))

    @property
    def inherited_environment(self) -> dict[str, str]:
        """What programs that we start may see of our environment: nothing that could be a secret."""
        return {name: os.environ[name] for name in _INHERITED if name in os.environ}

    @property
    def retention(self) -> Retention:
        return Retention(
            deliveries=_days(self.retention_deliveries_days),
            posts=_days(self.retention_posts_days),
            model_calls=_days(self.retention_model_calls_days),
            diffs=_days(self.retention_diffs_days),
        )

    @property
    def zone(self) -> ZoneInfo:
        return parse_zone(self.digest_timezone)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The values that must never be shown."""
        values = [getattr(self, name) for name in type(self).model_fields]
        whole = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        parts = (*self._passwords(), *self._ends_of_addresses(), *self._collector_keys())
        return tuple(dict.fromkeys((*whole, *self.encryption_keys, *self.signing_keys, *parts)))

    def _passwords(self) -> Iterator[str]:
        """Of all addresses, proxies' too, as they stand there and as they are."""
        given = (getattr(self, name) for name in type(self).model_fields)
        proxies = (value for name, value in self.inherited_environment.items() if name.lower().endswith("_proxy"))
        for address in (*given, *proxies):
            if isinstance(address, str) and "@" in address:
                password = _password(address)
                yield from (password, unquote(password))

    def _ends_of_addresses(self) -> Iterator[str]:
        """The secret part of an address alone, for those who show it otherwise than it was configured."""
        if self.feishu_webhook_url is not None:
            yield _end(self.feishu_webhook_url)
        if self.ping_url is not None and len(_end(self.ping_url)) >= _PING_TOKEN_MIN:
            yield _end(self.ping_url)

    def _collector_keys(self) -> Iterator[str]:
        if self.otel_exporter_otlp_headers is not None:
            for header in _listed(self.otel_exporter_otlp_headers.get_secret_value()):
                key = header.partition("=")[2].strip()
                yield from (key, unquote(key))


def load_settings(**overrides: object) -> Settings:
    """The configuration; `overrides` come from the command line and win. Raises SettingsInvalid, with every problem."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})  # pyright: ignore[reportArgumentType]
    except ValidationError as error:
        lines = [f"{_name(problem['loc'])}{problem['msg']}" for problem in error.errors(include_input=False)]
        raise SettingsInvalid("The configuration is not valid:\n" + "\n".join(f"- {line}" for line in lines)) from None
    except OSError as error:
        raise SettingsInvalid(f"A secret's file could not be read: {error.filename}: {error.strerror}") from None


def _end(address: SecretStr) -> str:
    return urlsplit(address.get_secret_value()).path.rstrip("/").rpartition("/")[2]


def _password(address: str) -> str:
    """Empty without one. A host of repositories takes a token as the name, too."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    is_database = parts.scheme.startswith("postgres")
    return parts.password or ("" if is_database else parts.username or "")


def _name(location: tuple[int | str, ...]) -> str:
    return f"{str(location[0]).upper()}: " if location else ""


def _days(number: int) -> timedelta | None:
    return timedelta(days=number) if number else None


def _listed(value: str) -> list[str]:
    return [entry.strip() for entry in value.split(",") if entry.strip()]


def _private_repo(entry: str) -> str:
    name, at, workspace = entry.partition("@")
    if at and not workspace.strip():
        raise ValueError("the workspace's id, such as T0123, is missing after @")
    return f"{Repo.parse(name.strip())}{at}{workspace.strip()}"


def _or_value_error(check: Any) -> str:
    try:
        return check()
    except NotUnderstood as error:
        raise ValueError(str(error)) from None
