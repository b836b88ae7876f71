// How the page shows what a model writes: Markdown, as elements whose text is set as text. Nothing a model
// writes becomes markup, and pictures are links.

extension ChatPage {
  static let markdownText = #"""
    "use strict";

    function element(name, text, into) {
      const made = document.createElement(name);
      if (text !== undefined) made.textContent = text;
      if (into) into.append(made);
      return made;
    }

    const isItem = /^( *)([-*+]|\d{1,9}[.)])(?:[ \t]+|$)/;
    const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)/;
    const isRule = /^\s*(\|\s*)?:?-+:?\s*(\|\s*:?-+:?\s*)*(\|\s*)?$/;
    const isBreak = /^ {0,3}([-*_])( *\1){2,}\s*$/;
    const isIndented = /^(?: {4}| {0,3}\t)/;
    // The line under a heading; one mark alone begins much else.
    const isUnderline = /^ {0,3}(={2,}|-{2,})\s*$/;
    // What ends a paragraph, and is no part of it.
    const opens = line => fence.test(line) || isBreak.test(line)
      || /^ {0,3}(#{1,6}\s|>)/.test(line);

    // The blocks of a text, each with the lines that it is made of.
    function blocks(text) {
      const lines = text.replace(/\r\n?/g, "\n").split("\n");
      const found = [];
      let at = 0;
      const take = (kind, last) => {
        found.push({kind, lines: lines.slice(at, last)});
        at = last;
      };
      while (at < lines.length) {
        const line = lines[at];
        const mark = fence.exec(line);
        let last = at + 1;
        if (!line.trim()) {
          at += 1;
        } else if (mark) {
          const end = new RegExp("^ {0,3}" + mark[1][0] + "{" + mark[1].length + ",}\\s*$");
          while (last < lines.length && !end.test(lines[last])) last += 1;
          take("code", Math.min(last + 1, lines.length));
        } else if (/^ {0,3}#{1,6}(\s|$)/.test(line)) {
          take("heading", last);
        } else if (isBreak.test(line)) {
          take("rule", last);
        } else if (/^ {0,3}>/.test(line)) {
          while (last < lines.length && /^ {0,3}>/.test(lines[last])) last += 1;
          take("quote", last);
        } else if (isItem.test(line)) {
          const [, indent, mark] = isItem.exec(line);
          // Another kind of mark begins another list.
          const isOther = place => {
            const item = isItem.exec(lines[place]);
            return item && item[1].length <= indent.length + 1 && /\d/.test(item[2]) !== /\d/.test(mark);
          };
          const belongs = place => isItem.test(lines[place]) || /^ {2,}\S/.test(lines[place])
            || !lines[place].trim() && place + 1 < lines.length
              && (isItem.test(lines[place + 1]) || /^ {2,}\S/.test(lines[place + 1]))
            || lines[place].trim() && lines[place - 1].trim() && !opens(lines[place]);
          while (last < lines.length && belongs(last) && !isOther(last)) last += 1;
          take("list", last);
        } else if (isIndented.test(line)) {
          const isCode = line => isIndented.test(line) || !line.trim();
          while (last < lines.length && isCode(lines[last])) last += 1;
          while (!lines[last - 1].trim()) last -= 1;
          take("indented", last);
        } else if (line.includes("|") && isRule.test(lines[at + 1] ?? "")
          && (lines[at + 1] ?? "").includes("-") && (lines[at + 1] ?? "").includes("|")) {
          last += 1;
          while (last < lines.length && lines[last].trim().indexOf("|", 1) > 0) last += 1;
          take("table", last);
        } else {
          const ends = line => !line.trim() || opens(line) || isItem.test(line);
          const isTitle = place => isUnderline.test(lines[place] ?? "");
          while (last < lines.length && !isTitle(last) && !ends(lines[last])) last += 1;
          isTitle(last) ? take("title", last + 1) : take("text", last);
        }
      }
      return found;
    }

    const show = {
      code(lines) {
        const mark = fence.exec(lines[0]);
        const isClosed = lines.length > 1
          && new RegExp("^ {0,3}" + mark[1][0] + "{" + mark[1].length + ",}\\s*$").test(lines.at(-1));
        const text = lines.slice(1, isClosed ? -1 : undefined).join("\n");
        return program(text, mark[2]);
      },
      indented: lines => program(lines.map(line => line.replace(isIndented, "")).join("\n"), ""),
      // The page's own heading is the first.
      title: lines => inline(lines.slice(0, -1).map(line => line.trim()).join("\n"),
        element(lines.at(-1).includes("=") ? "h2" : "h3")),
      heading(lines) {
        const [, marks, rest] = /^\s*(#+)([^]*)$/.exec(lines[0]);
        // Marks that end the line are no part of it, where they stand apart.
        let text = rest.trim();
        let end = text.length;
        while (text[end - 1] === "#") end -= 1;
        if (end === 0 || /\s/.test(text[end - 1])) text = text.slice(0, end).trimEnd();
        return inline(text, element("h" + Math.min(marks.length + 1, 6)));
      },
      rule: () => element("hr"),
      quote(lines) {
        const quote = element("blockquote");
        quote.append(...markdown(lines.map(line => line.replace(/^ {0,3}> ?/, "")).join("\n")));
        return quote;
      },
      list(lines) {
        const indent = isItem.exec(lines[0])[1].length;
        const isOrdered = /\d/.test(isItem.exec(lines[0])[2]);
        const list = element(isOrdered ? "ol" : "ul");
        if (isOrdered) list.start = parseInt(isItem.exec(lines[0])[2], 10);
        let item = [];
        const end = () => {
          if (!item.length) return;
          const width = isItem.exec(item[0])[0].length;
          const inner = [item[0].slice(width)]
            .concat(item.slice(1).map(line => line.replace(new RegExp("^ {0," + width + "}"), "")));
          const made = element("li", undefined, list);
          const parts = markdown(inner.join("\n"));
          // A paragraph alone is shown as none.
          const isAlone = parts.filter(part => part.tagName === "P").length === 1;
          parts.forEach(part => isAlone && part.tagName === "P"
            ? made.append(...part.childNodes) : made.append(part));
          item = [];
        };
        lines.forEach(line => {
          const mark = isItem.exec(line);
          if (mark && mark[1].length <= indent + 1) end();
          item.push(line);
        });
        end();
        return list;
      },
      table(lines) {
        const cells = line => line.trim().replace(/^\|/, "").replace(/\|$/, "").split(/(?<!\\)\|/);
        const sides = cells(lines[1]).map(cell => cell.trim());
        const table = element("table");
        lines.filter((_, place) => place !== 1).forEach((line, row) => {
          const made = element("tr", undefined, table);
          cells(line).slice(0, sides.length).forEach((cell, column) => {
            const place = element(row ? "td" : "th", undefined, made);
            inline(cell.trim().replaceAll("\\|", "|"), place);
            if (/^-+:$/.test(sides[column])) place.className = "right";
          });
        });
        const frame = element("div");
        frame.className = "table";
        frame.append(table);
        return frame;
      },
      text: lines => inline(lines.map(line => line.trimStart()).join("\n"), element("p")),
    };

    function program(text, language) {
      const figure = element("figure");
      const head = element("figcaption", undefined, figure);
      element("span", language, head);
      copyButton(() => text, head);
      const frame = element("pre", undefined, figure);
      element("code", text, frame);
      frame.tabIndex = 0;
      return figure;
    }

    // Blocks within blocks, as deep as any reader follows; what is nested deeper stays text.
    const deepest = 32;
    let depth = 0;

    function markdown(text) {
      if (depth === deepest) return [element("p", text)];
      depth += 1;
      try {
        return blocks(text).map(block => show[block.kind](block.lines));
      } finally {
        depth -= 1;
      }
    }

    // Shows a text that grows, and what cannot be shown as it is.
    function update(into, text, shown) {
      try {
        if (!shown.length) into.replaceChildren();
        updateBlocks(into, text, shown);
      } catch {
        into.textContent = text;
        shown.length = 0;
      }
    }

    // Only the blocks that have changed are made anew.
    function updateBlocks(into, text, shown) {
      const found = blocks(text);
      found.forEach((block, place) => {
        const source = block.kind + "\n" + block.lines.join("\n");
        if (shown[place] === source) return;
        shown[place] = source;
        const made = show[block.kind](block.lines);
        const old = into.children[place];
        old ? old.replaceWith(made) : into.append(made);
      });
      while (into.children.length > found.length) into.lastElementChild.remove();
      shown.length = found.length;
    }

    function copyButton(text, into) {
      // Browsers have a clipboard only on this machine and over TLS.
      if (!navigator.clipboard) return;
      const button = element("button", "Copy", into);
      button.type = "button";
      button.addEventListener("click", async () => {
        try {
          await navigator.clipboard.writeText(text());
          button.textContent = "Copied";
        } catch {
          button.textContent = "Not allowed";
        }
        setTimeout(() => button.textContent = "Copy", 1500);
      });
    }

    """# + inlineText
}
