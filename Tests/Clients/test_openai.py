"""The unmodified `openai` client: only its base URL and key are changed."""

import json

import openai
import pytest

MESSAGES = [{"role": "user", "content": "Say hello to the swifts."}]


def test_models_are_listed_and_found(client, model):
    assert model in [card.id for card in client.models.list()]
    assert client.models.retrieve(model).object == "model"


def test_a_plain_answer_and_its_row(client, model, ledger_row):
    raw = client.chat.completions.with_raw_response.create(
        model=model, messages=MESSAGES, max_tokens=8, temperature=0)
    answer = raw.parse()
    assert answer.choices[0].message.role == "assistant"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason in ("stop", "length")
    assert raw.headers["x-ai-generated"] == "true"
    assert_row_equals(answer.usage, ledger_row(raw.headers["x-request-id"]))


def test_a_streamed_answer_and_its_row(client, model, ledger_row):
    raw = client.chat.completions.with_raw_response.create(
        model=model, messages=MESSAGES, max_tokens=8, temperature=0, stream=True,
        stream_options={"include_usage": True})
    chunks = list(raw.parse())
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert chunks[-2].choices[0].finish_reason in ("stop", "length")
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert_row_equals(chunks[-1].usage, ledger_row(raw.headers["x-request-id"]))


def test_both_forms_say_the_same(client, model):
    options = dict(model=model, messages=MESSAGES, max_tokens=8, temperature=0)
    plain = client.chat.completions.create(**options).choices[0].message.content
    streamed = client.chat.completions.create(**options, stream=True)
    assert plain == "".join(c.choices[0].delta.content or "" for c in streamed)


def test_an_answer_satisfies_its_schema(client, model):
    schema = {
        "type": "object", "required": ["name", "legs", "kind"], "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "maxLength": 20}, "legs": {"type": "integer"},
            "kind": {"enum": ["bird", "insect"]}}}
    answer = client.chat.completions.create(
        model=model, messages=MESSAGES, max_tokens=80, seed=1, temperature=1.5,
        response_format={
            "type": "json_schema",
            "json_schema": {"name": "animal", "schema": schema, "strict": True}})
    assert answer.choices[0].finish_reason == "stop"
    animal = json.loads(answer.choices[0].message.content)
    assert set(animal) == {"name", "legs", "kind"}
    assert isinstance(animal["name"], str) and len(animal["name"]) <= 20
    assert isinstance(animal["legs"], int) and animal["kind"] in ("bird", "insect")


def test_the_stream_helper_works(client, model):
    with client.chat.completions.stream(
        model=model, messages=MESSAGES, max_tokens=4
    ) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        snapshot = stream.current_completion_snapshot
    assert snapshot.choices[0].message.content == "".join(deltas) != ""


def test_several_prompts_are_answered_in_order(client, model, ledger_row):
    prompts = ["One, two,", "The sky is", "Roses are"]
    options = dict(model=model, max_tokens=4, temperature=0)
    alone = [client.completions.create(prompt=prompt, **options) for prompt in prompts]
    raw = client.completions.with_raw_response.create(prompt=prompts, n=2, **options)
    together = raw.parse()
    assert [choice.index for choice in together.choices] == list(range(6))
    assert [choice.text for choice in together.choices[::2]] == [each.choices[0].text for each in alone]
    assert together.usage.prompt_tokens == sum(each.usage.prompt_tokens for each in alone)
    assert_row_equals(together.usage, ledger_row(raw.headers["x-request-id"]))
    texts = [""] * 3
    for chunk in client.completions.create(prompt=prompts, stream=True, **options):
        for choice in chunk.choices:
            texts[choice.index] += choice.text
    assert texts == [each.choices[0].text for each in alone]


def test_a_model_that_does_not_think_says_so(client, model):
    options = dict(model=model, messages=MESSAGES, max_tokens=2)
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(reasoning_effort="high", **options)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "reasoning_effort")
    answer = client.chat.completions.create(reasoning_effort="none", **options)
    assert answer.usage.completion_tokens_details.reasoning_tokens == 0


def test_an_early_close_leaves_the_server_well(client, model):
    for _ in range(5):
        stream = client.chat.completions.create(
            model=model, messages=MESSAGES, max_tokens=200, stream=True)
        next(iter(stream))
        stream.close()
    assert client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=2).usage


def test_a_wrong_key_is_an_authentication_error(base_url, model):
    stranger = openai.OpenAI(base_url=base_url, api_key="apus_live_wrong")
    with pytest.raises(openai.AuthenticationError) as caught:
        stranger.chat.completions.create(model=model, messages=MESSAGES)
    assert caught.value.code == "invalid_api_key"
    assert caught.value.request_id


def test_over_the_limit_is_a_rate_limit_error(limited_client, model):
    with pytest.raises(openai.RateLimitError) as caught:
        for _ in range(10):
            limited_client.chat.completions.create(
                model=model, messages=MESSAGES, max_tokens=1)
    assert caught.value.code == "rate_limit_exceeded"
    assert int(caught.value.response.headers["retry-after"]) >= 1


@pytest.mark.parametrize(
    "change, error, code, param",
    [
        (dict(model="none"), openai.NotFoundError, "model_not_found", "model"),
        (dict(temperature=9), openai.BadRequestError, "decimal_above_max_value", "temperature"),
        (dict(messages=[]), openai.BadRequestError, "empty_array", "messages"),
        (dict(n=99), openai.BadRequestError, "integer_above_max_value", "n"),
        (
            dict(messages=[{"role": "user", "content": "word " * 200_000}]),
            openai.BadRequestError, "context_length_exceeded", None,
        ),
    ],
)
def test_a_bad_request_is_named(client, model, change, error, code, param):
    options = dict(model=model, messages=MESSAGES, max_tokens=1) | change
    with pytest.raises(error) as caught:
        client.chat.completions.create(**options)
    assert caught.value.code == code
    assert param is None or caught.value.param == param


def assert_row_equals(usage, row):
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens
    assert row["in_tok"] == usage.prompt_tokens
    assert row["out_tok"] == usage.completion_tokens
    assert row["cached_tok"] == usage.prompt_tokens_details.cached_tokens
    assert row["http"] == 200
