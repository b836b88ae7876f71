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


@pytest.mark.parametrize("text, markup", [
    ("***both***", "<p><strong><em>both</em></strong></p>"),
    ("**a *b***", "<p><strong>a <em>b</em></strong></p>"),
    ("&amp; &lt;b&gt; &#39;&#x41; &unknown; &#0;", "<p>&amp; &lt;b&gt; 'A &amp;unknown; \ufffd</p>"),
    ("`&amp;` \\&amp;", "<p><code>&amp;amp;</code> &amp;amp;</p>"),
    ("[no](&#106;avascript:alert(1))", "<p>no</p>"),
    ("Title\n=====\nText\n\nPart\n---\n", "<h2>Title</h2><p>Text</p><h3>Part</h3>"),
    ("- a\n\n  b\n- c\n", "<ul><li><p>a</p><p>b</p></li><li>c</li></ul>"),
    ("- a\n---\n- b", "<ul><li>a</li></ul><hr><ul><li>b</li></ul>"),
    ("text\n    still\n    - item", "<p>text\nstill</p><ul><li>item</li></ul>"),
])
def test_markdown_is_shown_as_it_is_meant(page, text, markup):
    words = ask(page, "Markdown", stream(text)).locator(".words")
    assert words.evaluate("words => words.innerHTML") == markup


def test_what_is_indented_by_four_spaces_is_code(page):
    text = "So:\n\n    if *a*:\n\n      - b\n\n\nText\n\n\tgo\n"
    words = ask(page, "Code", stream(text)).locator(".words")
    assert words.locator("pre code").all_text_contents() == ["if *a*:\n\n  - b", "go"]
    assert words.locator("> p").all_text_contents() == ["So:", "Text"]


@pytest.mark.parametrize("part", [
    "**a ", "~~a ", "__a ", "&", "a" + " " * 50, "    a\n\n", "a\n=\n",
])
def test_what_never_ends_takes_no_time(page, part):
    start = time.monotonic()
    ask(page, "Long", stream(part * (50_000 // len(part))))
    assert time.monotonic() - start < 10


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
    page.click("#ask summary")
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


def test_stop_stops_whatever_stands_in_the_settings(page):
    begin_a_long_answer(page)
    page.fill("#temperature", "0.75x")
    page.click("#ask summary")
    page.click("#send")
    page.wait_for_selector("article.assistant .again", timeout=30_000)
    assert "Stopped." in page.locator("article.assistant footer").inner_text()


def test_the_server_alone_judges_the_settings(page):
    page.click("#ask summary")
    page.fill("#temperature", "0.75")
    page.click("#ask summary")
    assert "token" in ask_in_the_box(page, "Hello").locator("footer").inner_text()
    for name, value, words in [
        ("#temperature", "hot", "temperature"), ("#tokens", "1.5", "max_tokens"),
    ]:
        page.click("#ask summary")
        page.fill(name, value)
        page.click("#ask summary")
        assert words in ask_in_the_box(page, "Hello").locator("footer strong").inner_text()
        page.click("#ask summary")
        page.fill(name, "")
        page.click("#ask summary")


def ask_in_the_box(page, text: str, answer: dict | str | None = None):
    page.focus("#text")
    return ask(page, text, answer)


@pytest.mark.parametrize("place, stays", [
    ("#instructions", True), ("#text", False), ("#send", False),
])
def test_the_end_of_an_answer_takes_the_focus_from_nowhere_else(page, place, stays):
    begin_a_long_answer(page)
    page.focus(place)
    page.keyboard.press("Escape")
    page.wait_for_selector("article.assistant .again", timeout=30_000)
    assert page.locator((place if stays else "#text") + ":focus").count() == 1


def test_a_connection_that_ends_within_an_answer_is_named(page):
    page.evaluate("""() => window.fetch = async () => new Response(new ReadableStream({
      start(control) {
        const event = {choices: [{index: 0, delta: {content: "Half"}, finish_reason: null}]};
        control.enqueue(new TextEncoder().encode("data: " + JSON.stringify(event) + "\\n\\n"));
        setTimeout(() => control.error(new TypeError("network error")), 50);
      },
    }))""")
    foot = ask(page, "Hello").locator("footer").inner_text()
    assert "The answer broke off: the connection was closed." in foot
    page.evaluate("() => window.fetch = async () => { throw new TypeError('Failed to fetch'); }")
    assert "cannot be reached" in ask(page, "Again").locator("footer").inner_text()


def test_a_key_that_ends_within_a_conversation_is_asked_for(page):
    ask(page, "First", stream("Fine."))
    ask(page, "Second", {"status": 401, "json": {"error": {"message": "Revoked."}}})
    page.wait_for_selector("#key:focus")
    page.keyboard.type(os.environ["APUS_KEY"])
    page.keyboard.press("Enter")
    page.wait_for_selector("#text:focus")
    assert page.locator("#entry").is_hidden()
    questions = asked(page)
    page.locator(".again").click()
    page.locator("article.assistant:last-child .again").wait_for()
    assert [message["content"] for message in questions[0]] == ["First", "Fine.", "Second"]


@pytest.mark.parametrize("kinds, words, others", [
    (["embedding"], "/v1/embeddings", "/v1/completions"),
    (["base"], "/v1/completions", "/v1/embeddings"),
])
def test_where_nothing_answers_messages_the_page_says_what_there_is(browser, kinds, words, others):
    page = browser.new_page()
    models = [{"id": kind, "kind": kind} for kind in kinds]
    page.route("**/v1/models", lambda route: route.fulfill(json={"data": models}))
    page.goto(os.environ["APUS_URL"] + "/")
    notice = page.locator(".notice").inner_text()
    assert words in notice and others not in notice
    page.close()


@pytest.mark.parametrize("width, height", [
    (844, 390), (667, 375), (320, 480), (320, 568), (568, 320), (1280, 800),
])
def test_in_a_low_window_everything_stays_in_sight(page, width, height):
    ask(page, "Hello", stream("Fine. " * 200))
    page.set_viewport_size({"width": width, "height": height})
    page.click("#ask summary")
    page.fill("#text", "Line\n" * 20)
    send = page.locator("#send").bounding_box()
    assert send["y"] + send["height"] <= height
    assert page.locator("body").evaluate("body => body.scrollHeight") <= height
    assert page.locator("#main").bounding_box()["height"] >= height * 0.19
    page.locator("#tokens").scroll_into_view_if_needed()
    field, line = page.locator("#tokens").bounding_box(), page.locator("#line").bounding_box()
    assert field["y"] + field["height"] <= line["y"]


@pytest.mark.parametrize("path, place", [("/", "#refusal"), ("/portal", "#said")])
def test_a_key_that_no_header_holds_is_named(browser, path, place):
    page = browser.new_page()
    page.goto(os.environ["APUS_URL"] + path)
    page.wait_for_selector("#key:focus")
    page.keyboard.type("apus_live_\u043a\u043b\u044e\u0447")
    page.keyboard.press("Enter")
    page.locator(place, has_text="This is no key").wait_for()
    page.keyboard.type(os.environ["APUS_KEY"])
    page.keyboard.press("Enter")
    page.locator("#send:not([disabled]), section").first.wait_for()
    assert page.get_by_text("This is no key").count() == 0
    page.close()


def test_a_notice_goes_once_the_server_answers(browser):
    page = browser.new_page()
    page.route("**/v1/models", lambda route: route.abort())
    page.goto(os.environ["APUS_URL"] + "/")
    page.locator(".notice").wait_for()
    page.unroute_all()
    page.locator(".notice button").click()
    page.locator("#entry:not([hidden])").wait_for()
    assert page.locator(".notice").count() == 0
    page.close()


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


def test_the_portal_says_what_it_did(browser):
    page = browser.new_page()
    page.goto(os.environ["APUS_URL"] + "/portal")
    # What takes no key is there before one.
    page.get_by_role("heading", name="Prices").wait_for()
    assert page.locator("h2", has_text="Your key").count() == 0
    page.keyboard.type("apus_live_wrong")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("key").wait_for()
    page.keyboard.type(os.environ["APUS_KEY"])
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Opened.").wait_for()
    assert page.locator("h2", has_text="Ask for an account").count() == 0
    section = page.locator("section", has=page.locator("h2", has_text="used for embeddings"))
    section.locator("input").fill("2026-01-01")
    section.locator("button").click()
    section.locator("[aria-live=polite]:not([aria-busy]) :is(table, span)").first.wait_for()
    assert section.locator("strong, [aria-busy]").count() == 0
    page.close()
