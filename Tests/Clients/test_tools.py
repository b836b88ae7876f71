"""Calls, likelihoods and vectors through the `openai` client, and what `curl` sees of a stream."""

import http.server
import json
import os
import subprocess
import threading
import urllib.request

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
    """A relay refuses the first request in our shape and passes the second one on."""
    seen = []

    class Relay(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            seen.append(self.path)
            if len(seen) == 1:
                code, answer = status, {
                    "error": {"message": "later", "type": "requests", "code": "later"}}
                answer = json.dumps(answer).encode()
            else:
                request = urllib.request.Request(
                    base_url + "/chat/completions", body,
                    {"Content-Type": "application/json",
                     "Authorization": self.headers["authorization"]})
                with urllib.request.urlopen(request, timeout=60) as reply:
                    code, answer = reply.status, reply.read()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.send_header("retry-after-ms", "1")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Relay) as relay:
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        client = openai.OpenAI(
            base_url=f"http://127.0.0.1:{relay.server_port}/v1", api_key=os.environ["APUS_KEY"],
            max_retries=1)
        answer = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=1)
        relay.shutdown()
    assert answer.usage.completion_tokens == 1 and len(seen) == 2


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
