"""Calls, likelihoods and vectors through the `openai` client, and what `curl` sees of a stream."""

import json
import os
import subprocess

import httpx
import openai
import pytest

MESSAGES = [{"role": "user", "content": "What is the weather in Bern?"}]
TOOLS = [{
    "type": "function",
    "function": {
        "name": "weather", "description": "Tells the weather of a city.",
        "parameters": {
            "type": "object", "required": ["city", "days"], "additionalProperties": False,
            "properties": {
                "city": {"enum": ["Bern", "Thun"]},
                "days": {"type": "integer", "minimum": 1, "maximum": 5}}}}}]


def test_a_call_makes_the_round(client, model):
    options = dict(model=model, tools=TOOLS, temperature=0, max_tokens=60)
    first = client.chat.completions.create(
        **options, messages=MESSAGES, tool_choice="required", parallel_tool_calls=False)
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    [call] = message.tool_calls
    arguments = json.loads(call.function.arguments)
    assert call.function.name == "weather"
    assert arguments["city"] in ("Bern", "Thun") and 1 <= arguments["days"] <= 5
    result = {"role": "tool", "tool_call_id": call.id, "content": "It rains."}
    second = client.chat.completions.create(
        **options, messages=MESSAGES + [message.model_dump(exclude_none=True), result],
        tool_choice="none")
    assert second.choices[0].message.content
    assert second.choices[0].message.tool_calls is None


def test_a_named_call_is_streamed_in_pieces(client, model):
    stream = client.chat.completions.create(
        model=model, messages=MESSAGES, tools=TOOLS, temperature=0, max_tokens=60, stream=True,
        tool_choice={"type": "function", "function": {"name": "weather"}})
    name, arguments, reason = None, "", None
    for chunk in stream:
        choice = chunk.choices[0]
        for call in choice.delta.tool_calls or []:
            name = call.function.name or name
            arguments += call.function.arguments or ""
        reason = choice.finish_reason or reason
    assert (name, reason) == ("weather", "tool_calls")
    assert set(json.loads(arguments)) == {"city", "days"}


def test_likelihoods_spell_the_answer(client, model):
    options = dict(
        model=model, messages=MESSAGES, max_tokens=6, temperature=0, logprobs=True, top_logprobs=3)
    choice = client.chat.completions.create(**options).choices[0]
    tokens = choice.logprobs.content
    assert bytes(sum((token.bytes for token in tokens), [])).decode() == choice.message.content
    assert all(token.logprob <= 0 and len(token.top_logprobs) == 3 for token in tokens)
    assert all(token.top_logprobs[0].token == token.token for token in tokens)
    streamed = [
        token for chunk in client.chat.completions.create(**options, stream=True)
        if chunk.choices[0].logprobs for token in chunk.choices[0].logprobs.content]
    assert [token.logprob for token in streamed] == [token.logprob for token in tokens]


def test_an_echo_tells_how_likely_the_prompt_was(client, model):
    choice = client.completions.create(
        model=model, prompt="The swift is a bird.", echo=True, logprobs=1, max_tokens=2,
        temperature=0).choices[0]
    scores = choice.logprobs
    assert choice.text.startswith("The swift is a bird.")
    assert "".join(scores.tokens) == choice.text
    assert scores.token_logprobs[0] is None or scores.token_logprobs[0] <= 0
    assert all(value <= 0 for value in scores.token_logprobs[1:])
    assert [choice.text[place:place + len(token)] for place, token in zip(
        scores.text_offset, scores.tokens)] == scores.tokens


def test_vectors_have_their_shape_and_count(client, model, ledger_row):
    raw = client.embeddings.with_raw_response.create(
        model=model, input=["swift", "swallow"], dimensions=32)
    answer = raw.parse()
    assert [item.index for item in answer.data] == [0, 1]
    assert all(len(item.embedding) == 32 for item in answer.data)
    row = ledger_row(raw.headers["x-request-id"])
    assert row["in_tok"] == answer.usage.prompt_tokens == answer.usage.total_tokens


@pytest.mark.parametrize("status", [429, 503])
def test_a_client_tries_again(base_url, model, status):
    """The first answer is replaced by a refusal of ours in shape; the second is the server's."""
    sent = []

    class Refusing(httpx.HTTPTransport):
        def handle_request(self, request):
            sent.append(request)
            if len(sent) > 1:
                return super().handle_request(request)
            return httpx.Response(
                status, headers={"retry-after-ms": "1", "x-should-retry": "true"},
                json={"error": {"message": "later", "type": "requests", "code": "later"}})

    with openai.OpenAI(
        base_url=base_url, api_key=os.environ["APUS_KEY"], max_retries=1,
        http_client=httpx.Client(transport=Refusing())
    ) as client:
        answer = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=1)
    assert answer.usage.completion_tokens == 1 and len(sent) == 2


def test_curl_sees_events_and_errors(base_url, model):
    def curl(body):
        return subprocess.run(
            ["curl", "--silent", "--no-buffer", "--max-time", "60", base_url + "/chat/completions",
             "--header", "Content-Type: application/json",
             "--header", "Authorization: Bearer " + os.environ["APUS_KEY"],
             "--data", json.dumps(body)], capture_output=True, text=True, check=True).stdout

    body = {"model": model, "messages": MESSAGES, "max_tokens": 3, "stream": True}
    events = curl(body).split("\n\n")
    assert all(event.startswith("data: ") for event in events[:-1])
    assert events[-2] == "data: [DONE]"
    assert json.loads(curl(body | {"n": 0}))["error"]["param"] == "n"
