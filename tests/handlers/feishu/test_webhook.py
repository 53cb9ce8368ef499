"""Feishu's requests over HTTP: what is let in, and that all else is refused without a word."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from httpx import ASGITransport, AsyncClient, Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handlers import web
from handlers.feishu import webhook
from handlers.feishu.encryption import Undecipherable, decrypted, is_signed
from tests.fakes import FakeClock

KEY, TOKEN = "an encrypt key", "a verification token"
ANSWER = {"toast": {"type": "info", "content": "请稍候…\ud800"}}


class FakeReceiver:
    """Takes what it is told, and answers clicks."""

    def __init__(self) -> None:
        self.received: list[Mapping[str, Any]] = []
        self.breaks: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def receive(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        await self.gate.wait()
        if self.breaks:
            raise self.breaks
        self.received.append(event)
        return ANSWER if event["header"]["event_type"] == "card.action.trigger" else None


class Sender:
    """Sends what Feishu would send, or something else."""

    def __init__(self, receiver: FakeReceiver, clock: FakeClock, client: AsyncClient) -> None:
        self.receiver, self.clock, self.client = receiver, clock, client

    async def send(self, body: bytes, headers: Mapping[str, str] | None = None) -> Response:
        return await self.client.post(
            webhook.PATH, content=body, headers=self.signed(body) if headers is None else headers
        )

    def signed(
        self, body: bytes, *, key: str = KEY, later: timedelta = timedelta(), nonce: str = "n1"
    ) -> dict[str, str]:
        timestamp = str(int((self.clock.now + later).timestamp()))
        signature = hashlib.sha256(f"{timestamp}{nonce}{key}".encode() + body).hexdigest()
        return {"X-Lark-Request-Timestamp": timestamp, "X-Lark-Request-Nonce": nonce, "X-Lark-Signature": signature}


@pytest.fixture
async def feishu() -> AsyncIterator[Sender]:
    receiver, clock = FakeReceiver(), FakeClock()
    route = webhook.route(receiver, encrypt_key=KEY, verification_token=TOKEN, now=clock)
    transport = ASGITransport(web.application([route]), raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://bot") as client:
        yield Sender(receiver, clock, client)


def sealed(said: Any, key: str = KEY) -> bytes:
    """As the body of a request."""
    padder = PKCS7(128).padder()
    padded = padder.update(said if isinstance(said, bytes) else json.dumps(said).encode()) + padder.finalize()
    vector = bytes(range(16))
    cipher = Cipher(algorithms.AES(hashlib.sha256(key.encode()).digest()), modes.CBC(vector)).encryptor()
    return json.dumps(
        {"encrypt": base64.b64encode(vector + cipher.update(padded) + cipher.finalize()).decode()}
    ).encode()


def event(kind: str = "im.message.receive_v1", token: Any = TOKEN) -> dict[str, Any]:
    return {"schema": "2.0", "header": {"event_id": "e1", "event_type": kind, "token": token}, "event": {}}


CLICK = event("card.action.trigger")
CHALLENGE = {"challenge": "ajls384k", "token": TOKEN, "type": "url_verification"}


def test_what_feishu_documents_is_read():
    assert decrypted("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=", "test key") == b"hello world"


def test_a_signature_is_of_time_nonce_key_and_body():
    signature = hashlib.sha256(b"1768960800n1key{}").hexdigest()
    assert is_signed(b"{}", signature, timestamp="1768960800", nonce="n1", key="key")
    assert not is_signed(b"{ }", signature, timestamp="1768960800", nonce="n1", key="key")


@given(st.text())
def test_what_is_not_encrypted_with_the_key_is_not_read(encrypted: str):
    with pytest.raises(Undecipherable):
        decrypted(encrypted, KEY)


async def test_an_event_is_received_before_it_is_acknowledged(feishu: Sender):
    answer = await feishu.send(sealed(event()))
    assert (answer.status_code, answer.json()) == (200, {})
    assert feishu.receiver.received == [event()]


async def test_a_click_is_answered_with_what_the_receiver_says(feishu: Sender):
    answer = await feishu.send(sealed(CLICK))
    assert (answer.status_code, answer.json()) == (200, ANSWER)
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("is_signed", [True, False])
async def test_an_address_is_verified(feishu: Sender, is_signed: bool):
    answer = await feishu.send(sealed(CHALLENGE), None if is_signed else {})
    assert (answer.status_code, answer.json()) == (200, {"challenge": "ajls384k"})
    assert feishu.receiver.received == []


@pytest.mark.parametrize("spelled", [str.lower, str.upper])
async def test_names_of_headers_may_have_any_capitals(feishu: Sender, spelled: Any):
    body = sealed(event())
    answer = await feishu.send(body, {spelled(name): value for name, value in feishu.signed(body).items()})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"{}", 400),
        (b'{"encrypt": 7}', 400),
        (b'{"encrypt": ""}', 400),
        (b'{"encrypt": "not base64"}', 400),
        (b'{"encrypt": "AAAA"}', 400),
        (json.dumps(event()).encode(), 400),
        (sealed(event(), "another key"), 400),
        (sealed(b"[]"), 400),
        (sealed(b"\xff"), 400),
        (sealed(b"[" * 100_000), 400),
        (sealed({}), 401),
        (sealed(event(token="another token")), 401),
        (sealed(event(token=None)), 401),
        (sealed(event(token="\ud800")), 401),
        (sealed({"header": []}), 401),
        (sealed({**CHALLENGE, "token": "another token"}), 401),
        (b"x" * (webhook.BODY_MAX + 1), 413),
    ],
    ids=lambda value: value[:24].decode("latin-1") if isinstance(value, bytes) else value,
)
async def test_what_feishu_would_not_send_is_refused_without_a_word(feishu: Sender, body: bytes, status: int):
    answer = await feishu.send(body)
    assert (answer.status_code, answer.content) == (status, b"")
    assert feishu.receiver.received == []


@pytest.mark.parametrize(
    "changed",
    [
        {"X-Lark-Signature": ""},
        {"X-Lark-Signature": "0" * 64},
        {"X-Lark-Signature": "é"},
        {"X-Lark-Request-Nonce": "n2"},
        {"X-Lark-Request-Timestamp": ""},
        {"X-Lark-Request-Timestamp": "soon"},
        {"X-Lark-Request-Timestamp": "9" * 5_000},
        {"X-Lark-Request-Timestamp": "²"},
        {"X-Lark-Request-Timestamp": "-1"},
    ],
    ids=str,
)
async def test_a_signature_that_does_not_fit_is_refused(feishu: Sender, changed: dict[str, str]):
    body = sealed(event())
    headers = {name: value.encode("latin-1") for name, value in (feishu.signed(body) | changed).items()}
    answer = await feishu.send(body, headers)  # pyright: ignore[reportArgumentType]
    assert (answer.status_code, answer.content) == (401, b"")


async def test_what_is_signed_with_another_key_is_refused(feishu: Sender):
    body = sealed(event())
    assert (await feishu.send(body, feishu.signed(body, key="another key"))).status_code == 401
    assert (await feishu.send(body, {})).status_code == 401


@pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 200), (4, 200), (6, 401)])
async def test_a_signature_is_valid_for_five_minutes(feishu: Sender, minutes: int, status: int):
    body = sealed(CLICK)
    answer = await feishu.send(body, feishu.signed(body, later=timedelta(minutes=minutes)))
    assert answer.status_code == status


async def test_an_event_that_could_not_be_kept_may_come_again(feishu: Sender):
    feishu.receiver.breaks = RuntimeError("a secret of ours")
    answer = await feishu.send(sealed(event()))
    assert (answer.status_code, answer.content) == (500, b"")
    feishu.receiver.breaks = None
    assert (await feishu.send(sealed(event()))).status_code == 200


async def test_an_event_that_takes_too_long_is_kept_nevertheless(feishu: Sender, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(webhook, "ANSWER_WITHIN", 0.01)
    feishu.receiver.gate.clear()
    assert (await feishu.send(sealed(event()))).status_code == 500
    feishu.receiver.gate.set()
    while not feishu.receiver.received:
        await asyncio.sleep(0)


async def test_without_a_token_the_key_is_enough():
    receiver, clock = FakeReceiver(), FakeClock()
    route = webhook.route(receiver, encrypt_key=KEY, verification_token="", now=clock)
    async with AsyncClient(transport=ASGITransport(web.application([route])), base_url="http://bot") as client:
        assert (await Sender(receiver, clock, client).send(sealed(event(token=None)))).status_code == 200


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["encrypt", "header", "event_type", "token", "type", "challenge", "url_verification"])
            | st.text(),
            inner | st.sampled_from([TOKEN, "url_verification", "card.action.trigger"]),
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANYTHING | st.binary(max_size=200), st.booleans(), st.booleans())
async def test_no_request_makes_us_fall(feishu: Sender, said: Any, is_sealed: bool, is_signed: bool):
    plain = said if isinstance(said, bytes) else json.dumps(said).encode()
    answer = await feishu.send(sealed(said) if is_sealed else plain, None if is_signed else {})
    assert answer.status_code in {200, 400, 401}


async def test_who_hangs_up_halfway_has_sent_nothing():
    receiver = FakeReceiver()
    route = webhook.route(receiver, encrypt_key=KEY, verification_token=TOKEN, now=FakeClock())
    sent: list[Any] = []
    parts = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(parts)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": webhook.PATH, "headers": [], "query_string": b""}
    await route.app(scope, receive, send)
    assert (sent[0]["status"], receiver.received) == (400, [])
