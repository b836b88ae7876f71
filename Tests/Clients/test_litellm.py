"""`litellm` as people put it in front of servers. It needs an older `openai` than we test with, so
that it has an environment of its own."""

import os

import pytest

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
litellm = pytest.importorskip("litellm")

MESSAGES = [{"role": "user", "content": "Say hello to the swifts."}]


@pytest.fixture()
def options(base_url, model):
    return dict(
        model=f"openai/{model}", api_base=base_url, api_key=os.environ["APUS_KEY"],
        messages=MESSAGES, max_tokens=8, temperature=0)


def test_an_answer_and_its_stream(options):
    plain = litellm.completion(**options)
    stream = litellm.completion(**options, stream=True)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert text == plain.choices[0].message.content != ""
    assert plain.usage.total_tokens == plain.usage.prompt_tokens + plain.usage.completion_tokens


def test_a_wrong_key_is_named(options):
    with pytest.raises(litellm.AuthenticationError):
        litellm.completion(**options | dict(api_key="wrong"))
