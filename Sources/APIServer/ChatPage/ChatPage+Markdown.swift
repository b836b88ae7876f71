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

    // What may stand in a line, the first that fits. Marks of emphasis touch their words.
    const inlineRules = [
      [/^(`+)([^`]|[^`][^]*?[^`])\1(?!`)/, (m, into) => element("code", m[2].trim() || m[2], into)],
      [/^\*\*(?=\S)([^]*?\S)\*\*/, (m, into) => inline(m[1], element("strong", undefined, into))],
      [/^__(?=\S)([^]*?\S)__(?!\w)/, (m, into) => inline(m[1], element("strong", undefined, into))],
      [/^~~(?=\S)([^]*?\S)~~/, (m, into) => inline(m[1], element("s", undefined, into))],
      [/^\*(?=[^\s*])([^*]*?[^\s*])\*(?!\*)/,
        (m, into) => inline(m[1], element("em", undefined, into))],
      [/^_(?=[^\s_])([^_]*?[^\s_])_(?!\w)/,
        (m, into) => inline(m[1], element("em", undefined, into))],
      [/^!?\[([^\[\]]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/,
        (m, into) => link(m[1] || m[2], m[2], into)],
      [/^<(https?:\/\/[^\s<>]+)>/, (m, into) => link(m[1], m[1], into)],
      [/^https?:\/\/[^\s<>"'`\])]*[^\s<>"'`\]).,;:!?]/, (m, into) => link(m[0], m[0], into)],
      [/^\\([!-\/:-@\[-`{-~])/, (m, into) => into.append(m[1])],
      [/^(?: {2,}|\\)\n/, (m, into) => element("br", undefined, into)],
    ];
    const inlineStarts = /[`*_~!\[<h\\ ]/g;

    function inline(text, into) {
      let plain = 0;
      let place = 0;
      while (place < text.length) {
        inlineStarts.lastIndex = place;
        const next = inlineStarts.exec(text);
        if (!next) break;
        place = next.index;
        const rest = text.slice(place);
        // A mark within a word is a part of it.
        const inWord = place > 0 && /\w/.test(text[place - 1]) && /^[_h]/.test(rest);
        const found = !inWord && inlineRules.map(([rule, show]) => [rule.exec(rest), show])
          .find(([match]) => match);
        if (!found) {
          place += 1;
          continue;
        }
        into.append(text.slice(plain, place));
        found[1](found[0], into);
        place += found[0][0].length;
        plain = place;
      }
      into.append(text.slice(plain));
      return into;
    }

    function link(text, address, into) {
      // Only what leads to a page or a letter; `javascript:` and the like stay text.
      if (!/^(https?:\/\/|mailto:)/i.test(address)) return inline(text, into);
      const made = element("a", text, into);
      made.href = address;
      made.target = "_blank";
      made.rel = "noopener noreferrer";
      return made;
    }

    const isItem = /^( *)([-*+]|\d{1,9}[.)])(?:[ \t]+|$)/;
    const fence = /^ {0,3}(`{3,}|~{3,})\s*([^`\s]*)/;
    const isRow = /^\s*\|.*\|\s*$/;
    const isRule = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;

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
        } else if (/^ {0,3}([-*_])( *\1){2,}\s*$/.test(line)) {
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
            || lines[place].trim() && lines[place - 1].trim() && !fence.test(lines[place]);
          while (last < lines.length && belongs(last) && !isOther(last)) last += 1;
          take("list", last);
        } else if (line.includes("|") && isRule.test(lines[at + 1] ?? "")
          && (lines[at + 1] ?? "").includes("-") && (lines[at + 1] ?? "").includes("|")) {
          last += 1;
          while (last < lines.length && (isRow.test(lines[last]) || /\S.*\|/.test(lines[last]))) last += 1;
          take("table", last);
        } else {
          const ends = text => !text.trim() || fence.test(text) || /^ {0,3}(#{1,6}\s|>)/.test(text)
            || isItem.test(text);
          while (last < lines.length && !ends(lines[last])) last += 1;
          take("text", last);
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
        const figure = element("figure");
        const head = element("figcaption", undefined, figure);
        element("span", mark[2], head);
        copyButton(() => text, head);
        const code = element("code", text, element("pre", undefined, figure));
        code.parentNode.tabIndex = 0;
        return figure;
      },
      heading(lines) {
        const [, marks, rest] = /^\s*(#+)([^]*)$/.exec(lines[0]);
        // Marks that end the line are no part of it, where they stand apart.
        let text = rest.trim();
        let end = text.length;
        while (text[end - 1] === "#") end -= 1;
        if (end === 0 || /\s/.test(text[end - 1])) text = text.slice(0, end).trimEnd();
        // The page's own heading is the first.
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
          // A line alone is no paragraph.
          parts.forEach(part => part.tagName === "P" ? made.append(...part.childNodes) : made.append(part));
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

    function markdown(text) {
      return blocks(text).map(block => show[block.kind](block.lines));
    }

    // Shows a text that grows: only the blocks that have changed are made anew.
    function update(into, text, shown) {
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

    """#
}
