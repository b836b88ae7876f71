"""Where the server is that the tests ask, and how to look into its ledger."""

import os
import sqlite3
import uuid
from pathlib import Path

import openai
import pytest


@pytest.fixture(scope="session")
def base_url() -> str:
    return os.environ["APUS_URL"] + "/v1"


@pytest.fixture(scope="session")
def model() -> str:
    return os.environ["APUS_MODEL"]


@pytest.fixture(scope="session")
def client(base_url) -> openai.OpenAI:
    """The official client; nothing but its base URL and key is ours."""
    return openai.OpenAI(base_url=base_url, api_key=os.environ["APUS_KEY"])


@pytest.fixture(scope="session")
def limited_client(base_url) -> openai.OpenAI:
    """A client whose key allows few requests a minute. It does not try again by itself."""
    return openai.OpenAI(
        base_url=base_url, api_key=os.environ["APUS_LIMITED_KEY"], max_retries=0)


@pytest.fixture(scope="session")
def ledger_row():
    """Reads the usage row of a request, read-only, while the server runs."""

    def read(request_id: str) -> dict:
        blob = uuid.UUID(request_id).bytes
        for path in sorted(Path(os.environ["APUS_DATA"]).glob("events-*.db"), reverse=True):
            with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
                db.row_factory = sqlite3.Row
                row = db.execute("SELECT * FROM event WHERE request_id = ?", (blob,)).fetchone()
            if row is not None:
                return dict(row)
        raise AssertionError(f"no usage row for request {request_id}")

    return read
