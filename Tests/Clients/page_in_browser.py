"""The page of a browser, in Chromium: what models write, errors, stopping, a key, keyboard and width.

Needs `playwright` and a Chromium in APUS_CHROMIUM (or /usr/bin/chromium); skipped without them. Answers
that a model would not give at will are put in the place of the server's.
"""

import json
import os
import time
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = os.environ.get("APUS_CHROMIUM", "/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium")

MARKDOWN = r"""# Swifts

**Fast**, *light*, ~~slow~~, `a_b*c`, snake_case_name, [a page](https://example.org/a_(b)), [no page](javascript:alert(1)),
![a picture](https://example.org/x.png), <b>no markup</b>.

1. one
2. two
   - inner
* other

> quoted

| Bird | Speed |
|------|------:|
| Swift | 111 |

```swift
<script>alert(1)</script>
"""


def stream(text="", reasoning="", error=None, finish="stop", is_whole=True) -> str:
    def event(delta, reason=None):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return f"data: {json.dumps({'choices': [choice]})}\n\n"

    events = [event({"reasoning_content": reasoning})] if reasoning else []
    events += [event({"content": text[place:place + 5]}) for place in range(0, len(text), 5)]
    if error:
        return "".join(events) + f"data: {json.dumps({'error': {'message': error}})}\n\n"
    if is_whole:
        usage = {"choices": [], "usage": {"completion_tokens": 7}}
        events += [event({}, finish), f"data: {json.dumps(usage)}\n\n", "data: [DONE]\n\n"]
    return "".join(events)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """The page, opened with the key, and everything that it fetched and complained of."""
    context = browser.new_context(viewport={"width": 360, "height": 700}, color_scheme="dark")
    page = context.new_page()
    page.complaints, page.fetched = [], []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.fetched.append(request.url))
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(os.environ["APUS_URL"] + "/")
    page.wait_for_selector("#key:focus")
    page.keyboard.type(os.environ["APUS_KEY"])
    page.keyboard.press("Enter")
    page.wait_for_selector("#send:not([disabled])")
    yield page
    assert page.complaints == []
    assert all(url.startswith((os.environ["APUS_URL"], "data:")) for url in page.fetched)
    width = page.locator("body").evaluate("body => [body.scrollWidth, innerWidth]")
    assert width[0] <= width[1]
    context.close()


def ask(page, text: str, answer: dict | str | None = None):
    """Asks by keyboard alone, and waits for the end of the answer."""
    page.unroute_all()
    if isinstance(answer, str):
        page.route("**/v1/chat/completions", lambda route: route.fulfill(
            headers={"Content-Type": "text/event-stream"}, body=answer))
    elif answer:
        page.route("**/v1/chat/completions", lambda route: route.fulfill(**answer))
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    page.wait_for_selector("article.assistant:last-child .again", timeout=120_000)
    return page.locator("article.assistant").last


def test_a_model_answers(page):
    answer = ask(page, "Say one word about birds.")
    assert "token" in answer.locator("footer").inner_text()
    assert answer.locator(".words").inner_text().strip()


def test_markdown_becomes_elements_and_never_markup(page):
    words = ask(page, "Markdown", stream(MARKDOWN)).locator(".words")
    tags = words.evaluate("words => [...words.querySelectorAll('*')].map(one => one.tagName)")
    wanted = {"H2", "STRONG", "EM", "S", "CODE", "OL", "UL", "LI", "BLOCKQUOTE", "TABLE", "PRE"}
    assert wanted <= set(tags)
    assert not {"SCRIPT", "IMG", "B"} & set(tags)
    links = words.locator("a").evaluate_all("links => links.map(link => link.href)")
    assert links == ["https://example.org/a_(b)", "https://example.org/x.png"]
    assert "<script>alert(1)</script>" in words.inner_text()
    assert "snake_case_name" in words.inner_text()


def test_thoughts_stand_apart(page):
    answer = ask(page, "Think", stream("So **42**.", reasoning="Let me see."))
    assert answer.locator(".words").inner_text() == "So 42."
    assert answer.locator("details").first.is_visible()


@pytest.mark.parametrize("answer, words", [
    (stream("Half", error="The server had an error."), "The server had an error."),
    (stream("Half", is_whole=False), "broke off"),
    (stream("Long", finish="length"), "limit of tokens"),
    (stream(""), "empty"),
    ({"status": 429, "json": {"error": {"message": "Wait 3 s."}}}, "Wait 3 s."),
    ({"status": 502, "body": "<html>"}, "status 502"),
])
def test_what_goes_wrong_is_said(page, answer, words):
    assert words in ask(page, "Hello", answer).locator("footer").inner_text()
    # The next question goes on.
    assert ask(page, "Again", stream("Fine.")).locator(".words").inner_text() == "Fine."


def wait_until(page, is_so):
    """Waits on this side: the page lets nobody evaluate text."""
    deadline = time.monotonic() + 60
    while not is_so() and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert is_so()


def begin_a_long_answer(page):
    page.click("summary")
    page.fill("#tokens", "2000")
    page.fill("#text", "Tell a very long story, with many chapters.")
    page.press("#text", "Enter")
    words = page.locator("article.assistant .words")
    wait_until(page, lambda: len(words.inner_text()) >= 20)


def test_escape_stops_a_long_answer(page):
    begin_a_long_answer(page)
    page.keyboard.press("Escape")
    page.wait_for_selector("article.assistant .again", timeout=30_000)
    foot = page.locator("article.assistant footer").inner_text()
    assert "Stopped." in foot


def test_a_wrong_key_is_asked_for_again(browser):
    page = browser.new_page()
    page.goto(os.environ["APUS_URL"] + "/")
    page.wait_for_selector("#entry:not([hidden])")
    page.fill("#key", "apus_live_wrong")
    page.press("#key", "Enter")
    page.locator("#refusal:not(:empty)").wait_for()
    assert page.locator("#send").is_disabled()
    page.close()


def asked(page) -> list:
    """Routes questions to an answer of this file, and gives the list that their messages come into."""
    page.unroute_all()
    questions = []

    def answer(route):
        questions.append(json.loads(route.request.post_data)["messages"])
        route.fulfill(headers={"Content-Type": "text/event-stream"}, body=stream("Fine."))

    page.route("**/v1/chat/completions", answer)
    return questions


def test_a_new_chat_is_new_though_an_answer_was_being_made(page):
    begin_a_long_answer(page)
    page.click("#new")
    wait_until(page, lambda: page.locator("#send").inner_text() == "Send")
    questions = asked(page)
    page.fill("#text", "second")
    page.press("#text", "Enter")
    page.wait_for_selector("article.assistant .again")
    assert questions == [[{"role": "user", "content": "second"}]]
    assert page.locator("article").count() == 2


@pytest.mark.parametrize("mark", [">", "- "])
def test_what_is_nested_without_end_stays_text_and_is_part_of_what_was_said(page, mark):
    page.keyboard.type("Nest")
    page.unroute_all()
    page.route("**/v1/chat/completions", lambda route: route.fulfill(
        headers={"Content-Type": "text/event-stream"}, body=stream(mark * 5000)))
    page.keyboard.press("Enter")
    page.wait_for_selector("article.assistant .again")
    questions = asked(page)
    page.fill("#text", "second")
    page.press("#text", "Enter")
    wait_until(page, lambda: page.locator("article.assistant footer").count() == 2)
    assert questions[0][1] == {"role": "assistant", "content": mark * 5000}


def test_a_heading_of_spaces_takes_no_time(page):
    start = time.monotonic()
    words = ask(page, "Head", stream("# a" + " " * 5000 + "b\n\n## C# ##\n"))
    assert words.locator("h3").inner_text() == "C#"
    assert time.monotonic() - start < 10


def test_a_new_key_is_shown_though_its_button_was_pressed_twice(browser):
    page = browser.new_page()
    page.goto(os.environ["APUS_URL"] + "/portal")
    page.fill("#key", os.environ["APUS_KEY"])
    page.press("#key", "Enter")
    answers = [(200, {"key": "the-new-key"}), (409, {"error": {"message": "It was replaced."}})]

    def answer(route):
        status, body = answers.pop(0)
        route.fulfill(status=status, json=body)

    page.route("**/v1/keys/rotate", answer)
    section = page.locator("section", has=page.locator("h2", has_text="Replace a key"))
    section.locator("button").click()
    section.get_by_text("the-new-key").wait_for()
    section.locator("button").click()
    section.get_by_text("It was replaced.").wait_for()
    assert section.get_by_text("the-new-key").is_visible()
    page.close()
