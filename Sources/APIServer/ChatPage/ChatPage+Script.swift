// The page's script: the key, the models, the settings, and what the reader does.

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
      document.querySelectorAll(".notice").forEach(note => note.remove());
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
      const chosen = at("model").value;
      at("model").replaceChildren(...models.map(model => {
        const option = element("option", model.id);
        option.value = model.id;
        option.disabled = model.kind !== "chat";
        if (option.disabled) option.textContent += " (no chat)";
        return option;
      }));
      const usable = models.filter(model => model.kind === "chat");
      for (const name of ["model", "new", "send"]) at(name).disabled = !usable.length;
      if (!usable.length) return notice("No model here answers messages" + otherUse() + ".");
      at("model").value = (usable.find(model => model.id === chosen) ?? usable[0]).id;
      recommend();
      at("text").focus();
    }

    // What the models here can be asked for, if nothing answers messages.
    function otherUse() {
      const has = kind => models.some(model => model.kind === kind);
      const uses = [];
      if (has("base")) uses.push("/v1/completions to continue a text");
      if (has("embedding")) uses.push("/v1/embeddings for the vectors of texts");
      return uses.length ? ": ask " + uses.join(", or ") : "";
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
      // The server's own words for this are for programs.
      if (body?.error?.code === "invalid_api_key") {
        return key ? "This key is not valid here." : "The server asks for a key.";
      }
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

    // Whether the focus may be moved: the reader neither types nor selects anywhere else.
    function isFree() {
      return [at("text"), at("send"), document.body, null].includes(document.activeElement)
        && getSelection().isCollapsed;
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
      for (const [place, name] of [["temperature", "temperature"], ["tokens", "max_tokens"]]) {
        const text = at(place).value.trim();
        // What is no number goes as it is: the server says what is wrong with a value.
        if (text) request[name] = Number.isFinite(Number(text)) ? Number(text) : text;
      }
      return request;
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
    at("ask").addEventListener("keydown", event => {
      // In a setting Enter presses the button, which may say Stop.
      if (event.key === "Enter" && event.target.tagName === "INPUT" && running) event.preventDefault();
    });
    document.addEventListener("keydown", event => {
      // An input method takes Escape for itself.
      if (event.key === "Escape" && !event.isComposing && running) running.abort();
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
      const text = at("key").value.trim();
      at("key").value = "";
      // No browser sends other characters in a header.
      if (/[^!-~]/.test(text)) {
        at("refusal").textContent = "This is no key: keys are plain letters, digits and signs.";
        return at("key").focus();
      }
      key = text;
      load();
    });
    window.addEventListener("beforeunload", event => {
      if (messages.length) event.preventDefault();
    });
    load();

    """# + answerText
}
