// The page's conversation: what it sends, and what it makes of the events that come back.

extension ChatPage {
  static let scriptText = #"""
    "use strict";
    const at = name => document.getElementById(name);
    let key = "";
    let models = [];
    // What was said: {role, content} as the API has it.
    let messages = [];
    // The answer that is being made.
    let running = null;

    function headers() {
      return key ? {Authorization: "Bearer " + key} : {};
    }

    async function load() {
      at("refusal").textContent = "";
      let answer;
      let body = {};
      try {
        answer = await fetch("v1/models", {headers: headers(), cache: "no-store", credentials: "omit"});
        body = await answer.json();
      } catch {
        return offline();
      }
      at("entry").hidden = answer.ok;
      if (!answer.ok) {
        if (key || answer.status !== 401) at("refusal").textContent = reason(body, answer);
        key = "";
        return at("key").focus();
      }
      models = body.data;
      at("model").replaceChildren(...models.map(model => {
        const option = element("option", model.id);
        option.value = model.id;
        option.disabled = model.kind !== "chat";
        if (option.disabled) option.textContent += " (no chat)";
        return option;
      }));
      const first = models.find(model => model.kind === "chat");
      if (!first) return notice("No model here answers messages: ask /v1/completions to continue a text.");
      at("model").value = first.id;
      for (const name of ["model", "new", "send"]) at(name).disabled = false;
      recommend();
      at("text").focus();
    }

    function offline() {
      const note = notice("The server cannot be reached.");
      const again = element("button", "Try again", note);
      again.type = "button";
      again.addEventListener("click", () => {
        note.remove();
        load();
      });
    }

    function card() {
      return models.find(model => model.id === at("model").value) ?? {};
    }

    // What the model's makers recommend is taken where nothing else is wanted.
    function recommend() {
      at("temperature").placeholder = card().recommended_parameters?.temperature ?? "1";
      at("tokens").placeholder = card().context_length ?? "";
    }

    function reason(body, answer) {
      return body?.error?.message ?? "The server answered with status " + answer.status + ".";
    }

    function notice(text) {
      const note = element("p", undefined, at("messages"));
      note.className = "notice";
      note.setAttribute("role", "alert");
      element("span", text, note);
      follow(true);
      return note;
    }

    // Keeps the end in sight, unless the reader has gone back.
    let isAtEnd = true;
    at("main").addEventListener("scroll", () => {
      const main = at("main");
      isAtEnd = main.scrollHeight - main.scrollTop - main.clientHeight < 60;
    }, {passive: true});

    function follow(always) {
      if (always) isAtEnd = true;
      if (isAtEnd) at("main").scrollTop = at("main").scrollHeight;
    }

    function article(role) {
      const part = element("article", undefined, at("messages"));
      part.className = role;
      element("h2", role === "user" ? "You" : at("model").value, part);
      return part;
    }

    function settings() {
      const request = {...card().recommended_parameters};
      // What the card has beside the names of the API.
      for (const name of Object.keys(request)) {
        if (!["temperature", "top_p", "top_k", "min_p"].includes(name)) delete request[name];
      }
      if (at("temperature").value !== "") request.temperature = at("temperature").valueAsNumber;
      if (at("tokens").value !== "") request.max_tokens = at("tokens").valueAsNumber;
      return request;
    }

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
      const shown = [];
      const shownThoughts = [];
      let frame = 0;
      const draw = () => {
        frame = 0;
        // What is nested without end stays text.
        try {
          update(words, answer.content, shown);
        } catch {
          words.textContent = answer.content;
        }
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
        if (!isWhole) trouble = "The answer broke off: the connection was closed.";
      } catch (error) {
        if (control.signal.aborted) trouble = "Stopped.";
        else trouble = error instanceof TypeError ? "The server cannot be reached." : error.message;
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
      follow();
      at("text").focus();
    }

    function send() {
      if (running) return running.abort();
      const text = at("text").value.trim();
      if (!text || at("send").disabled) return;
      at("text").value = "";
      resize();
      // Only the last answer can be made again.
      document.querySelectorAll(".again").forEach(button => button.remove());
      // What was not answered is not asked again.
      if (messages.at(-1)?.role === "user") messages.pop();
      messages.push({role: "user", content: text});
      element("p", text, article("user"));
      ask();
    }

    function resize() {
      const box = at("text");
      box.style.height = "auto";
      box.style.height = box.scrollHeight + 2 + "px";
    }

    at("ask").addEventListener("submit", event => {
      event.preventDefault();
      send();
    });
    at("text").addEventListener("input", resize);
    at("text").addEventListener("keydown", event => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      // Enter asks; it does not stop what runs.
      if (!running) send();
    });
    document.addEventListener("keydown", event => {
      if (event.key === "Escape" && running) running.abort();
    });
    at("new").addEventListener("click", () => {
      running?.abort();
      messages = [];
      at("messages").replaceChildren();
      at("text").focus();
    });
    at("model").addEventListener("change", recommend);
    at("entry").addEventListener("submit", event => {
      event.preventDefault();
      key = at("key").value.trim();
      at("key").value = "";
      load();
    });
    window.addEventListener("beforeunload", event => {
      if (messages.length) event.preventDefault();
    });
    load();

    """#
}
