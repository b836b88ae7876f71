"""The unmodified `anthropic` client: only its base URL and key are changed."""

import os

import pytest

anthropic = pytest.importorskip("anthropic")

MESSAGES = [{"role": "user", "content": "Say hello to the swifts."}]
TOOLS = [{
    "name": "time", "description": "Tells the time of a place.",
    "input_schema": {"type": "object", "properties": {"place": {"type": "string"}}},
}]


@pytest.fixture(scope="module")
def claude() -> "anthropic.Anthropic":
    return anthropic.Anthropic(
        base_url=os.environ["APUS_URL"], api_key=os.environ["APUS_KEY"], max_retries=0)


def test_a_message_and_its_row(claude, model, ledger_row):
    raw = claude.messages.with_raw_response.create(
        model=model, messages=MESSAGES, max_tokens=8, system="Be brief.", extra_body={"temperature": 0})
    message = raw.parse()
    assert message.role == "assistant"
    assert message.content[0].type == "text" and message.content[0].text
    assert message.stop_reason in ("end_turn", "max_tokens")
    row = ledger_row(raw.headers["request-id"])
    assert row["in_tok"] == message.usage.input_tokens + message.usage.cache_read_input_tokens
    assert row["out_tok"] == message.usage.output_tokens


def test_a_stream_builds_the_same_message(claude, model):
    options = dict(model=model, messages=MESSAGES, max_tokens=8, extra_body={"temperature": 0})
    plain = claude.messages.create(**options)
    with claude.messages.stream(**options) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == plain.content[0].text == final.content[0].text
    assert final.stop_reason == plain.stop_reason
    assert final.usage.output_tokens == plain.usage.output_tokens


def test_tools_may_be_offered(claude, model):
    message = claude.messages.create(
        model=model, messages=MESSAGES, max_tokens=16, tools=TOOLS, extra_body={"temperature": 0})
    assert {block.type for block in message.content} <= {"text", "tool_use", "thinking"}


def test_a_tools_result_is_read(claude, model):
    call = {"type": "tool_use", "id": "toolu_1", "name": "time", "input": {"place": "Bern"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "It is noon."}
    message = claude.messages.create(
        model=model, max_tokens=8, tools=TOOLS, messages=MESSAGES + [
            {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}])
    assert message.usage.output_tokens > 0


def test_tokens_are_counted(claude, model):
    count = claude.messages.count_tokens(model=model, messages=MESSAGES)
    answer = claude.messages.create(model=model, messages=MESSAGES, max_tokens=1)
    assert count.input_tokens == (
        answer.usage.input_tokens + answer.usage.cache_read_input_tokens)


def test_errors_have_their_classes(claude, model):
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.create(model="none", messages=MESSAGES, max_tokens=1)
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.messages.create(model=model, messages=[], max_tokens=1)
    assert caught.value.body["error"]["type"] == "invalid_request_error"
    stranger = anthropic.Anthropic(
        base_url=os.environ["APUS_URL"], api_key="wrong", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError):
        stranger.messages.create(model=model, messages=MESSAGES, max_tokens=1)
