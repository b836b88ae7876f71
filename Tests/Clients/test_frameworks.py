"""What people build on top of the `openai` client: `langchain-openai`, `instructor` and `llm`. They
need an older `openai` than we test with, so that they have an environment of their own."""

import json
import os
import subprocess
import sys

import pytest

langchain_openai = pytest.importorskip("langchain_openai")
instructor = pytest.importorskip("instructor")

import openai
from pydantic import BaseModel

QUESTION = "Say hello to the swifts."


class Bird(BaseModel):
    name: str
    legs: int


@pytest.fixture()
def chat(base_url, model):
    return langchain_openai.ChatOpenAI(
        base_url=base_url, api_key=os.environ["APUS_KEY"], model=model, temperature=0,
        max_tokens=24, max_retries=0)


def test_langchain_answers_and_streams(chat):
    answer = chat.invoke(QUESTION)
    assert answer.content == "".join(chunk.content for chunk in chat.stream(QUESTION)) != ""
    usage = answer.usage_metadata
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]


def test_langchain_gets_the_call_that_it_wants(chat):
    tool = {
        "name": "look_up", "description": "Looks a bird up.",
        "parameters": {
            "type": "object", "required": ["legs"], "additionalProperties": False,
            "properties": {"legs": {"type": "integer", "minimum": 0, "maximum": 9}}}}
    answer = chat.bind_tools([tool], tool_choice="look_up").invoke(QUESTION)
    assert [call["name"] for call in answer.tool_calls] == ["look_up"]
    assert isinstance(answer.tool_calls[0]["args"]["legs"], int)


def test_langchain_gets_vectors(base_url, model):
    vectors = langchain_openai.OpenAIEmbeddings(
        base_url=base_url, api_key=os.environ["APUS_KEY"], model=model,
        check_embedding_ctx_length=False).embed_documents(["swift", "swallow"])
    assert len(vectors) == 2 and len(vectors[0]) == len(vectors[1]) > 1
    assert abs(sum(value * value for value in vectors[0]) - 1) < 1e-3


@pytest.mark.parametrize("mode", ["TOOLS", "JSON_SCHEMA"])
def test_instructor_gets_its_type(base_url, model, mode):
    client = instructor.from_openai(
        openai.OpenAI(base_url=base_url, api_key=os.environ["APUS_KEY"]),
        mode=getattr(instructor.Mode, mode))
    bird = client.chat.completions.create(
        model=model, response_model=Bird, max_tokens=120, max_retries=0, temperature=0,
        messages=[{"role": "user", "content": "The swift has two legs."}])
    assert isinstance(bird, Bird)


def test_llm_answers_by_its_model_file(base_url, model, tmp_path):
    (tmp_path / "extra-openai-models.yaml").write_text(
        f"- model_id: apus\n  model_name: {json.dumps(model)}\n  api_base: {json.dumps(base_url)}\n"
        "  api_key_name: apus\n")
    environment = os.environ | {"LLM_USER_PATH": str(tmp_path)}
    answer = subprocess.run(
        [sys.executable, "-m", "llm", "-m", "apus", "--key", os.environ["APUS_KEY"], "--no-log",
         "-o", "max_tokens", "8", QUESTION],
        env=environment, capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip()
