// The portal's script and style. What comes from the API is put into the page as text, never as
// markup.

extension Portal {
  static let scriptText = #"""
    "use strict";
    let key = "";

    function make(name, text, into) {
      const element = document.createElement(name);
      if (text !== undefined) element.textContent = text;
      if (into) into.append(element);
      return element;
    }

    function isList(value) {
      return Array.isArray(value) && value.every(x => x !== null && typeof x === "object");
    }

    function word(value, name) {
      if (Array.isArray(value)) return value.join(", ") || "none";
      // Times are seconds, and their names end so.
      if (typeof value === "number" && /_(at|from|time)$/.test(name)) {
        return new Date(value * 1000).toISOString().replace(".000", "");
      }
      // Those of receipts and exports are for programs.
      if (typeof value === "number" && /^(settled|started|created|at)Milliseconds$/.test(name)) {
        return new Date(value).toISOString();
      }
      if (typeof value === "number" && /PicoEuro$/.test(name)) {
        return (value / 1e12).toFixed(12).replace(/\.?0+$/, "") + " EUR";
      }
      return String(value ?? "-");
    }

    function show(value, into, name = "") {
      if (isList(value) && value.length) {
        const table = make("table", undefined, into);
        const names = [...new Set(value.flatMap(row => Object.keys(row)))];
        const head = make("tr", undefined, table);
        names.forEach(name => make("th", name, head));
        value.forEach(row => {
          const line = make("tr", undefined, table);
          names.forEach(name => show(row[name] ?? "", make("td", undefined, line), name));
        });
      } else if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        const table = make("table", undefined, into);
        Object.entries(value).forEach(([name, part]) => {
          const line = make("tr", undefined, table);
          make("th", name, line);
          show(part, make("td", undefined, line), name);
        });
      } else {
        make("span", word(value, name), into);
      }
    }

    function save(text, type, name) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], {type}));
      link.download = name;
      link.click();
      URL.revokeObjectURL(link.href);
    }

    function value(field, input) {
      if (field.kind === "confirmation") return input.checked;
      const text = input.value.trim();
      if (text === "") return undefined;
      if (field.kind === "number") return Number(text);
      if (field.kind === "day") return Math.floor(Date.parse(text + "T00:00:00Z") / 1000);
      return text;
    }

    async function run(action, inputs, into) {
      const values = {};
      action.fields.forEach((field, place) => {
        const found = value(field, inputs[place]);
        if (found !== undefined) values[field.name] = found;
        if (field.kind === "secret") inputs[place].value = "";
      });
      let path = action.path;
      if (path.includes("{id}")) {
        path = path.replace("{id}", encodeURIComponent(values.id ?? ""));
        delete values.id;
      }
      const request = {method: action.method, headers: {}, cache: "no-store", credentials: "omit"};
      if (!action.open) request.headers.Authorization = "Bearer " + key;
      const query = new URLSearchParams(action.method === "GET" ? values : {});
      if (action.method !== "GET") {
        request.headers["Content-Type"] = "application/json";
        request.body = JSON.stringify(values);
      }
      return ask(path.slice(1), query, request, into);
    }

    // Gives what went wrong, if anything did.
    async function ask(path, query, request, into) {
      into.replaceChildren(make("span", "..."));
      // It is read out once it is whole.
      into.setAttribute("aria-busy", "true");
      let trouble;
      try {
        const answer = await fetch(path + (query.toString() && "?" + query), request);
        const type = answer.headers.get("Content-Type") ?? "";
        const text = await answer.text();
        into.replaceChildren();
        if (!type.startsWith("application/json")) {
          // The path ends with the document's number.
          const number = decodeURIComponent(path.split("/").pop()).replace(/[^A-Za-z0-9-]/g, "-");
          save(text, type, number + (type.includes("html") ? ".html" : ".xml"));
          make("span", "The document was saved.", into);
          return;
        }
        const body = JSON.parse(text);
        if (answer.ok) {
          const list = isList(body.data) && body.data.length === 0;
          list ? make("span", "none", into) : show(body.data ?? body, into);
          if (body.has_more) {
            const more = make("button", "Show more", into);
            more.type = "button";
            more.addEventListener("click", () => {
              body.next_page ? query.set("page", body.next_page) : query.set("after", body.last_id);
              const place = make("div");
              more.replaceWith(place);
              ask(path, query, request, place);
            });
          }
        } else {
          // The server's own words for this are for programs.
          trouble = body.error?.code === "invalid_api_key"
            ? "This key is not valid here." : body.error?.message ?? "error " + answer.status;
        }
      } catch {
        trouble = "The server cannot be reached.";
      } finally {
        if (trouble) into.replaceChildren(make("strong", trouble));
        into.removeAttribute("aria-busy");
      }
      return trouble;
    }

    function section(action) {
      const part = make("section", undefined, document.getElementById("main"));
      make("h2", action.title, part);
      const twin = action.verb ? "; apus meter " + action.verb.replaceAll("/", " ") : "";
      make("p", action.method + " " + action.path + twin, part).className = "twin";
      const form = make("form", undefined, part);
      const inputs = action.fields.map(field => {
        const label = make("label", field.title + " ", form);
        const input = make("input", undefined, label);
        input.type = {number: "number", day: "date", secret: "password", confirmation: "checkbox"}
          [field.kind] ?? "text";
        input.required = field.required;
        input.autocomplete = "off";
        return input;
      });
      const button = make("button", action.method === "GET" ? "Show" : action.title, form);
      const result = make("div", undefined, part);
      // What is shown at once is not read out: all of it would be.
      if (!action.asked) result.setAttribute("aria-live", "polite");
      form.addEventListener("submit", async event => {
        event.preventDefault();
        if (button.disabled) return;
        button.disabled = true;
        result.setAttribute("aria-live", "polite");
        let place = result;
        if (action.method !== "GET") {
          // It takes no earlier one's place: a new key is shown once.
          place = make("div");
          result.prepend(place);
        }
        await run(action, inputs, place);
        button.disabled = false;
      });
      return action.asked && run(action, inputs, result);
    }

    const actions = JSON.parse(document.body.dataset.actions);
    const said = document.getElementById("said");

    document.getElementById("entry").addEventListener("submit", async event => {
      event.preventDefault();
      const input = document.getElementById("key");
      const text = input.value.trim();
      input.value = "";
      // No browser sends other characters in a header.
      if (/[^!-~]/.test(text)) {
        said.textContent = "This is no key: keys are plain letters, digits and signs.";
        return input.focus();
      }
      key = text;
      said.textContent = "...";
      document.getElementById("main").replaceChildren();
      const troubles = await Promise.all(
        actions.filter(action => !action.strangers).map(section));
      if (key !== text) return;
      // Some of it may be hidden from this key.
      const words = new Set(troubles.includes(undefined) ? ["Opened."] : []);
      troubles.filter(trouble => trouble).forEach(trouble => words.add(trouble));
      said.textContent = [...words].join(" ");
    });

    // What needs no key is there without one.
    actions.filter(action => action.open).forEach(section);

    """#

  static let styleText = """
    :root { color-scheme: light dark; }
    body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; }
    section { border-top: 1px solid #8886; padding: .5em 0; overflow-x: auto; }
    h2 { font-size: 1.1em; margin: .5em 0 0; }
    .twin { opacity: .7; font: 12px monospace; margin: 0 0 .5em; }
    table { border-collapse: collapse; }
    td, th { border: 1px solid #8886; padding: .2em .5em; text-align: left; vertical-align: top; }
    label { margin-right: 1em; }
    strong { color: #a00; }
    @media (prefers-color-scheme: dark) { strong { color: #f88; } }

    """
}
