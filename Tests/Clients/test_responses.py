"""The Responses API by the unmodified `openai` client, and what chat has beside plain answers."""

import openai
import pytest

INPUT = "Say hello to the swifts."
MESSAGES = [{"role": "user", "content": INPUT}]
TOOLS = [{
    "type": "function", "name": "time", "description": "Tells the time of a place.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
}]


def test_a_response(client, model):
    response = client.responses.create(
        model=model, input=INPUT, instructions="Be brief.", max_output_tokens=8, temperature=0)
    assert response.output_text
    assert response.status in ("completed", "incomplete")
    assert response.usage.total_tokens == (
        response.usage.input_tokens + response.usage.output_tokens)


def test_a_streamed_response_says_the_same(client, model):
    options = dict(model=model, input=INPUT, max_output_tokens=8, temperature=0)
    plain = client.responses.create(**options)
    events = list(client.responses.create(**options, stream=True))
    text = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert events[0].type == "response.created"
    assert events[-1].type == f"response.{plain.status}"
    assert text == plain.output_text == events[-1].response.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))


def test_the_stream_helper_builds_it(client, model):
    with client.responses.stream(model=model, input=INPUT, max_output_tokens=8) as stream:
        for _ in stream:
            pass
    assert client.responses.create(model=model, input=INPUT, max_output_tokens=1).output


def test_a_conversation_of_items(client, model):
    response = client.responses.create(
        model=model, max_output_tokens=8, tools=TOOLS, input=[
            {"role": "user", "content": INPUT},
            {"type": "function_call", "call_id": "c1", "name": "time", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "noon"},
        ])
    assert response.usage.output_tokens > 0


def test_memory_is_refused(client, model):
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=model, input=INPUT, store=True)
    assert caught.value.param == "store"


def test_several_choices(client, model):
    answer = client.chat.completions.create(
        model=model, messages=MESSAGES, n=3, max_tokens=4, temperature=0)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answer.choices}) == 1
    assert answer.usage.completion_tokens <= 12


def test_tools_may_be_offered_to_chat(client, model):
    tool = {"type": "function", "function": {k: v for k, v in TOOLS[0].items() if k != "type"}}
    answer = client.chat.completions.create(
        model=model, messages=MESSAGES, tools=[tool], max_tokens=16, temperature=0)
    assert answer.choices[0].finish_reason in ("stop", "length", "tool_calls")
    answer = client.chat.completions.create(
        model=model, tools=[tool], max_tokens=4, messages=MESSAGES + [
            {"role": "assistant", "content": None, "tool_calls": [{
                "id": "abcdefghi", "type": "function",
                "function": {"name": "time", "arguments": "{\"place\": \"Bern\"}"}}]},
            {"role": "tool", "tool_call_id": "abcdefghi", "content": "noon"}])
    assert answer.usage.completion_tokens > 0
