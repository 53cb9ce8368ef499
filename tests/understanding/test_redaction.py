import random
import string
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.redaction import redact

_RANDOM = random.Random(3)


def _made(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Something random that no scanner of this repository takes for a secret, as it is made here."""
    return "7a" + "".join(_RANDOM.choice(alphabet) for _ in range(length - 2))


_LINES = [_made(64) for _ in range(5)]
_HEX = string.digits + "abcdef"
_UPPER = string.digits + string.ascii_uppercase


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        *(
            (template.format(secret), secret)
            for template, secret in [
                ('+aws_access_key_id = "{}"', "AKIA" + _made(16, _UPPER).upper()),
                ("+token: {}", "ghp_" + _made(36)),
                ("+GITHUB={}", "github_pat_" + _made(60)),
                ("+client = Slack('{}')", "xoxb-1234567890-1234567890-" + _made(24)),
                ("+stripe.key={}", "sk_live_" + _made(99)),
                ("+openai: {}", "sk-proj-" + _made(80)),
                ("+see {} for it", "hf_" + _made(34)),
                ("+  Authorization: Bearer {}", _made(40)),
                ('+password = "{}"', "hunter2"),
                ('+{{"db_password": "{}", "port": 1}}', "correct horse"),
                ("+API_TOKEN={}", _made(32, _HEX)),
                ('+"auth_token": "{}",', _made(32, _HEX)),
                ("+url = postgres://ada:{}@db.example.org/x", "tr0ub4dor"),
                ("+x = '{}'", _made(44)),
                ("+-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----", _LINES[0]),
                ("+https://open.feishu.cn/open-apis/bot/v2/hook/{}", "6d8e0f4a-1c2b-4d3e-9f8a-7b6c5d4e3f2a"),
            ]
        ),
    ],
)
def test_a_secret_is_taken_out_and_the_line_stays(text: str, secret: str) -> None:
    redacted = redact(f" before\n{text}\n after")
    assert secret not in redacted.text
    assert secret[-6:] not in redacted.text
    assert redacted.count == 1
    before, line, after = redacted.text.split("\n")
    assert (before, after) == (" before", " after")
    assert line.startswith(text[:3])
    assert "[redacted: " in line


@pytest.mark.parametrize(
    "line",
    [
        "+    rev: 45d7022cc33903509fd8045bbc577d77dd1d3e2f",
        '+commit = "45d7022cc33903509fd8045bbc577d77dd1d3e2f"',
        '+      "integrity": "sha512-Kd8wJ0qvN2XbZ1P5r7uVt3sYcE9mHgLfAoQiBxWzTyUjRnMeDkCpSvGh4a6l8I0OFZt2qX=="',
        '+checksum = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"',
        "+    api_key = os.environ['API_KEY']",
        '+    password="${DB_PASSWORD}"',
        "+    token: ${{ secrets.GITHUB_TOKEN }}",
        "+      secretName: hf-token-secret",
        '+      credentialsSecretRef: "s3-creds"',
        "+def tokens(text: str) -> int:",
        "+    max_tokens=some_settings.max_tokens_default_2",
        '+export MODEL="nvidia/Llama-4-Maverick-17B-128E-Instruct-FP8"',
        '+<g class="cGxhbm5lci4oaW5wdXRzLm1jIC0mZ3Q7IHNhKVswXQ==">',
        "+id: 6d8e0f4a-1c2b-4d3e-9f8a-7b6c5d4e3f2a",
        "+listen on 0.0.0.0:8000, version 9.16.0.29",
        "+url = https://example.org/a:b@c",
        "+if '-----BEGIN PRIVATE KEY-----' in text:\n+return\n+x",
        "+-----BEGIN CERTIFICATE-----\n+" + _LINES[0],
    ],
)
def test_what_only_looks_like_a_secret_stays(line: str) -> None:
    assert redact(line).text == line


@pytest.mark.parametrize(
    "lines",
    [
        [
            "+-----BEGIN RSA PRIVATE KEY-----",
            *(f"+{line}" for line in _LINES),
            "+Ab12",
            "+-----END RSA PRIVATE KEY-----",
        ],
        ["+-----BEGIN OPENSSH PRIVATE KEY-----", *(f"+{line}" for line in _LINES)],
        [*(f"-{line}" for line in _LINES), "------END EC PRIVATE KEY-----"],
        ["+-----BEGIN PRIVATE KEY-----", "+Proc-Type: 4,ENCRYPTED", "+", *(f"+{line}" for line in _LINES)],
        ["+-----BEGIN PGP PRIVATE KEY BLOCK-----", "+", *(f"+{line}" for line in _LINES)],
        ["+Private-Lines: 5", *(f"+{line}" for line in _LINES)],
        ['+KEY = ("-----BEGIN PRIVATE KEY-----\\n"', *(f'+    "{line}\\n"' for line in _LINES), "+)"],
    ],
    ids=["whole", "beginning", "end", "encrypted", "pgp", "putty", "string"],
)
def test_a_private_key_loses_its_lines_but_not_their_number(lines: list[str]) -> None:
    redacted = redact("\n".join(lines))
    assert not any(line in redacted.text for line in [*_LINES, "Ab12"])
    assert redacted.count == 1
    assert len(redacted.text.split("\n")) == len(lines)


def test_secrets_of_a_minified_line_are_found() -> None:
    secret = "ghp_" + _made(36)
    redacted = redact("+" + "var a=1;" * 500 + f"f('{secret}');" + "var b=2;" * 500)
    assert redacted.count == 1
    assert secret not in redacted.text


def test_a_megabyte_takes_a_few_seconds_at_most() -> None:
    text = "\n".join(f"+    result_{number} = compute(result_{number - 1}, key='name')" for number in range(20_000))
    began = process_time()
    redact(text)
    assert process_time() - began < 6


@given(st.text(st.characters(codec=None)))
def test_any_text_keeps_its_lines_and_what_is_redacted_stays_so(text: str) -> None:
    once = redact(text)
    assert once.text.count("\n") == text.count("\n")
    assert once.count or once.text == text
    assert redact(once.text) == type(once)(text=once.text, count=0)
