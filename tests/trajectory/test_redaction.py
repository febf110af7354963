from __future__ import annotations

import pytest

from agentgym.trajectory.redaction import (
    given_secrets,
    is_secret_name,
    make_redact,
    named_secrets,
    scrub,
    taking_out,
)

# Put together here, so that no scanner takes them for real ones.
TAIL = "aB3" * 14
SECRETS = {
    "openai": "sk-" + TAIL,
    "openai project": "sk-proj-" + TAIL,
    "anthropic": "sk-ant-api03-" + TAIL,
    "stripe": "sk_live_" + TAIL,
    "github": "ghp_" + TAIL,
    "github fine": "github_pat_" + TAIL,
    "gitlab": "glpat-" + TAIL,
    "slack": "xoxb-" + TAIL,
    "aws": "AKIA" + "ABCDEFGH12345678",
    "google": "AIza" + TAIL,
    "google oauth": "ya29." + TAIL,
    "hugging face": "hf_" + TAIL,
    "npm": "npm_" + TAIL,
    "pypi": "pypi-" + TAIL,
    "sendgrid": f"SG.{TAIL}.{TAIL}",
    "jwt": f"eyJ{TAIL}.{TAIL}.{TAIL}",
    "nvidia": "nvapi-" + TAIL,
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_a_secret_is_taken_out_of_any_text(secret: str) -> None:
    found = make_redact({})(f"curl -H 'x: {secret}' # and more")
    assert TAIL not in found
    assert secret not in found
    assert found.endswith("# and more")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2hunter2",
        '{"Authorization": "Basic aHVudGVyMmh1bnRlcjI="}',
        "authorization=hunter2hunter2",
        "OPENAI_API_KEY=hunter2hunter2",
        '"api_key": "hunter2hunter2"',
        "x-api-key: hunter2hunter2",
        "access_token=hunter2hunter2&x=1",
        "https://me:hunter2hunter2@example.org/path",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_secret_is_known_by_what_stands_before_it(text: str) -> None:
    assert "hunter2" not in make_redact({})(text)
    assert "aHVudGVy" not in make_redact({})(text)


@pytest.mark.parametrize(
    "text",
    [
        "the bearer of this letter",
        "Press the key: Enter",
        "task-level, risk-based, desk-reservation-system-one",
        "a basic understanding of things",
        "tokens: 512, keys=3",
        "https://example.org:8080/a@b",
        "ghp_short",
        "pyautogui.press('key')",
        "Set the password: correct-horse",
    ],
)
def test_plain_text_stays(text: str) -> None:
    assert make_redact({})(text) == text


def test_secrets_of_the_environment_are_known_by_value() -> None:
    environment = {"SOME_TOKEN": "plain-looking-words", "HOME_KEY": "/a/folder/name", "SHORT_KEY": "abc"}
    redact = make_redact(environment)
    assert redact("plain-looking-words here") == "[redacted] here"
    assert redact("/a/folder/name abc") == "/a/folder/name abc"


def test_redacting_twice_changes_nothing() -> None:
    redact = make_redact({})
    once = redact(f"Authorization: Bearer {TAIL}, api_key={TAIL}")
    assert redact(once) == once


@pytest.mark.parametrize(
    "name", ["api_key", "Authorization", "X-API-Key", "OPENAI_API_KEY", "password", "client_secret"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["key", "token", "tokens", "keys", "prompt_token_ids", "author", "keyboard"])
def test_names_that_are_not(name: str) -> None:
    assert not is_secret_name(name)


def test_nested_json_is_scrubbed() -> None:
    value = {"a": [{"api_key": "x", "n": 1}], "b": "sk-" + TAIL}
    assert scrub(value, make_redact({})) == {"a": [{"api_key": "[redacted]", "n": 1}], "b": "[redacted]"}


@pytest.mark.parametrize(
    "text",
    [
        r"{\"api_key\": \"hunter2hunter2\"}",
        "tool --api-key hunter2hunter2 --verbose",
        "DB_PASSWORD=hunter2hunter2",
        '{"password": "hunter2hunter2"}',
    ],
)
def test_a_secret_is_known_in_arguments_and_settings(text: str) -> None:
    assert "hunter2" not in make_redact({})(text)


@pytest.mark.parametrize("text", ["--key Enter", "the password is asked for", "--max-tokens 512", "password: ask him"])
def test_what_only_sounds_like_one_stays(text: str) -> None:
    assert make_redact({})(text) == text


@pytest.mark.parametrize(
    ("items", "places"),
    [
        (["run", "--api-key", "hunter2"], {2}),
        (("Authorization", "hunter2"), {1}),
        (["X-Api-Key", b"hunter2"], {1}),
        (["api_key", "name"], set()),
        (["password", "login", "x"], set()),
        (["--api-key"], set()),
    ],
)
def test_secrets_are_known_by_the_item_before_them(items: list[str], places: set[int]) -> None:
    assert named_secrets(items) == places


def test_json_under_the_name_of_a_secret_is_scrubbed_whole() -> None:
    value = {"headers": [{"name": "Authorization", "value": "plain"}], "credentials": {"user": "a"}, "password": True}
    assert scrub(value, make_redact({})) == {
        "headers": [{"name": "Authorization", "value": "[redacted]"}],
        "credentials": "[redacted]",
        "password": True,
    }


def test_options_tell_secrets_by_their_names_however_deep() -> None:
    options = [
        {"api_key": "no form that is known", "steps": 3, "model": "a-model-by-name"},
        {"headers": {"Authorization": "another one"}, "servers": [{"password": "of a server"}]},
        {"client_secret": {"of": "what is below it"}, "access_token": "EMPTY"},
    ]
    assert given_secrets(options) == {"no form that is known", "another one", "of a server", "what is below it"}


def test_options_that_are_a_json_text_tell_their_secrets() -> None:
    options = ['{"point": "step", "hook": "m:f", "api_key": "no form that is known"}', "tool_call=time", "{no JSON"]
    assert given_secrets(options) == {"no form that is known"}


def test_secrets_are_taken_out_the_longest_first() -> None:
    redact = taking_out({"hunter22", "hunter22-and-more"})
    assert redact("hunter22-and-more, hunter22") == "[redacted], [redacted]"
