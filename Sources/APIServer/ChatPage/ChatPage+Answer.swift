// How the page asks: what it sends, and what it makes of the events that come back.

extension ChatPage {
  static let answerText = #"""
    const brokenOff = "The answer broke off: the connection was closed.";

    // The events of a stream, as the data of each comes.
    async function* events(body) {
      const reader = body.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      for (;;) {
        const {done, value} = await reader.read();
        if (done) return;
        text += value;
        const parts = text.split("\n\n");
        text = parts.pop();
        for (const part of parts) {
          if (part.startsWith("data: ")) yield part.slice(6);
        }
      }
    }

    async function ask() {
      // No more that of the page once the reader begins anew.
      const conversation = messages;
      const part = article("assistant");
      part.setAttribute("aria-busy", "true");
      const thoughts = element("details", undefined, part);
      element("summary", "Thoughts", thoughts);
      thoughts.hidden = true;
      const thought = element("div", undefined, thoughts);
      const words = element("div", undefined, part);
      words.className = "words";
      const waiting = element("p", "...", part);
      const answer = {role: "assistant", content: ""};
      let reasoning = "";
      let usage;
      let finish;
      let trouble;
      let began;
      let isAnswered = false;
      let isRefused = false;
      const shown = [];
      const shownThoughts = [];
      let frame = 0;
      const draw = () => {
        frame = 0;
        update(words, answer.content, shown);
        if (reasoning) {
          thoughts.hidden = false;
          update(thought, reasoning, shownThoughts);
        }
        follow();
      };
      const control = new AbortController();
      running = control;
      at("send").textContent = "Stop";
      follow(true);
      try {
        const instructions = at("instructions").value.trim();
        const reply = await fetch("v1/chat/completions", {
          method: "POST", signal: control.signal, cache: "no-store", credentials: "omit",
          headers: {"Content-Type": "application/json", ...headers()},
          body: JSON.stringify({
            ...settings(), model: at("model").value, stream: true, stream_options: {include_usage: true},
            messages: (instructions ? [{role: "system", content: instructions}] : []).concat(messages),
          }),
        });
        isAnswered = true;
        isRefused = reply.status === 401;
        if (!reply.ok) throw new Error(reason(await reply.json().catch(() => ({})), reply));
        let isWhole = false;
        for await (const data of events(reply.body)) {
          waiting.remove();
          if (data === "[DONE]") {
            isWhole = true;
            continue;
          }
          const event = JSON.parse(data);
          if (event.error) throw new Error(event.error.message);
          if (event.usage) usage = event.usage;
          const choice = event.choices?.[0];
          finish = choice?.finish_reason ?? finish;
          if (choice?.delta.content || choice?.delta.reasoning_content) began ??= performance.now();
          answer.content += choice?.delta.content ?? "";
          reasoning += choice?.delta.reasoning_content ?? "";
          frame ||= requestAnimationFrame(draw);
        }
        if (!isWhole) trouble = brokenOff;
      } catch (error) {
        if (control.signal.aborted) trouble = "Stopped.";
        else if (!(error instanceof TypeError)) trouble = error.message;
        else trouble = isAnswered ? brokenOff : "The server cannot be reached.";
      }
      const seconds = (performance.now() - began) / 1000;
      running = null;
      at("send").textContent = "Send";
      cancelAnimationFrame(frame);
      if (messages !== conversation) return;
      waiting.remove();
      draw();
      part.removeAttribute("aria-busy");
      if (answer.content) messages.push(answer);
      else trouble ??= "The answer is empty.";
      const foot = element("footer", undefined, part);
      if (trouble) element("strong", trouble, foot);
      if (finish === "length") element("strong", "Cut at the limit of tokens.", foot);
      if (usage) {
        const count = usage.completion_tokens;
        const rate = count > 1 && seconds > 0 ? ", " + (count / seconds).toFixed(1) + " a second" : "";
        element("span", count + (count === 1 ? " token" : " tokens") + rate, foot);
      }
      if (answer.content) copyButton(() => answer.content, foot);
      const again = element("button", "Again", foot);
      again.type = "button";
      again.className = "again";
      again.addEventListener("click", () => {
        if (running) return;
        if (messages.at(-1) === answer) messages.pop();
        part.remove();
        ask();
      });
      if (isRefused) return askForKey();
      follow();
      if (isFree()) at("text").focus();
    }

    // In the midst of a conversation, which stays: the last question can be asked again.
    function askForKey() {
      key = "";
      at("entry").hidden = false;
      follow(true);
      // What is typed ahead is no key.
      if (isFree() && !at("text").value) at("key").focus();
    }

    """#
}
