"""Limits and retries with the unmodified `openai` client: what it does by itself, and what it is told."""

import concurrent.futures
import os
import sqlite3
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import openai
import pytest

MESSAGES = [{"role": "user", "content": "Say hello to the swifts."}]


def test_a_client_at_twice_its_rate_finishes_with_no_error(base_url, model):
    """120 a minute, 20 at once: four clients that would make four a second get two, and all they ask."""
    client = openai.OpenAI(base_url=base_url, api_key=os.environ["APUS_PACED_KEY"], max_retries=30)
    refusals = []
    original = client._client.send

    def send(*arguments, **options):
        answer = original(*arguments, **options)
        if answer.status_code == 429:
            refusals.append(answer.headers)
        return answer

    client._client.send = send

    def ask(_):
        start = time.monotonic()
        answer = client.chat.completions.create(model=model, messages=MESSAGES, max_tokens=1)
        time.sleep(max(0, 1 - (time.monotonic() - start)))
        return answer.usage.completion_tokens

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ask, range(60))) == [1] * 60
    # Burst and rate are what was published: 20 and two a second. Without them it would be 15 seconds.
    assert time.monotonic() - start >= (60 - 20) / 2 - 1
    assert refusals
    assert all(int(headers["retry-after-ms"]) >= 1 for headers in refusals)


def test_a_key_that_hammers_is_refused_before_its_body_is_read(base_url):
    """The head alone comes, for a body that would be too large to be cheap."""
    def ask(body):
        request = urllib.request.Request(
            base_url + "/chat/completions", body, {
                "Content-Type": "application/json",
                "Authorization": "Bearer " + os.environ["APUS_HAMMER_KEY"]})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    model = os.environ["APUS_MODEL"]
    body = ('{"model":"%s","messages":[{"role":"user","content":"Hi"}],"max_tokens":1}' % model).encode()

    def hammer():
        for _ in range(600):
            status, headers, text = ask(body)
            if b'"refusals"' in text:
                break
        assert status == 429 and b'"refusals"' in text
        assert int(headers["retry-after"]) >= 1 and int(headers["retry-after-ms"]) >= 1

    # What is no JSON is not looked at. On a slow machine the time for one more is over meanwhile.
    for _ in range(20):
        hammer()
        status, _, text = ask(b"[" * 100_000)
        if status == 429:
            break
    assert status == 429 and b'"refusals"' in text


@pytest.mark.parametrize("stream", [False, True])
def test_a_request_that_is_sent_again_shares_the_answer(client, model, stream):
    options = dict(
        model=model, messages=MESSAGES, max_tokens=400, temperature=0, stream=stream,
        extra_body={"ignore_eos": True}, extra_headers={"Idempotency-Key": str(uuid.uuid4())})
    if stream:
        options["stream_options"] = {"include_usage": True}

    def ask(_):
        raw = client.chat.completions.with_raw_response.create(**options)
        parsed = raw.parse()
        if stream:
            chunks = list(parsed)
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            identifier, usage = chunks[0].id, chunks[-1].usage
        else:
            identifier, usage = parsed.id, parsed.usage
            text = parsed.choices[0].message.content
        return identifier, text, usage.completion_tokens, raw.headers

    rows = count_rows()
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(ask, range(3)))
    assert len({answer[:3] for answer in answers}) == 1 and answers[0][2] == 400
    assert len({answer[3]["x-request-id"] for answer in answers}) == 1
    assert sorted(answer[3].get("idempotent-replayed", "") for answer in answers) == ["", "true", "true"]
    assert count_rows() == rows + 1
    # Nothing is kept: after the end it runs again, under another number.
    assert ask(0)[0] != answers[0][0]
    assert count_rows() == rows + 2
    options["max_tokens"] = 1
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        ask(0)
    assert caught.value.code == "idempotency_key_reused"


def test_a_client_that_lost_its_connection_finds_its_answer(client, model):
    options = dict(
        model=model, messages=MESSAGES, max_tokens=1000, extra_body={"ignore_eos": True},
        extra_headers={"Idempotency-Key": str(uuid.uuid4())})
    rows = count_rows()
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2, max_retries=0).chat.completions.create(**options)
    answer = client.chat.completions.create(**options)
    assert answer.usage.completion_tokens == 1000
    assert count_rows() == rows + 1


def count_rows():
    count = 0
    for path in Path(os.environ["APUS_DATA"]).glob("events-*.db"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
            count += db.execute("SELECT count(*) FROM event").fetchone()[0]
    return count
