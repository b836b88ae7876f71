// What may stand in a line of Markdown: emphasis, code, links, entities.

extension ChatPage {
  static let inlineText = #"""
    // What has a name or a number: &amp; and &#38; are the same.
    const entity = /^&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([A-Za-z]\w{1,30}));/;
    const named = {
      amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", copy: "©", reg: "®",
      trade: "™", deg: "°", plusmn: "±", times: "×", divide: "÷", middot: "·", bull: "•",
      hellip: "…", ndash: "–", mdash: "—", lsquo: "‘", rsquo: "’", ldquo: "“", rdquo: "”",
      laquo: "«", raquo: "»", larr: "←", uarr: "↑", rarr: "→", darr: "↓", le: "≤", ge: "≥",
      ne: "≠", euro: "€", pound: "£", sect: "§", para: "¶", frac12: "½", infin: "∞", pi: "π",
    };

    // The character that was meant; a name that is not known stays as it is.
    function character([whole, decimal, hexadecimal, name]) {
      if (!decimal && !hexadecimal) return Object.hasOwn(named, name) ? named[name] : whole;
      const code = decimal ? parseInt(decimal, 10) : parseInt(hexadecimal, 16);
      const isNone = code === 0 || code > 0x10ffff || code >= 0xd800 && code < 0xe000;
      return isNone ? "\ufffd" : String.fromCodePoint(code);
    }

    // What may stand in a line, the first that fits. Marks of emphasis touch their words. Where
    // such a mark may be far from its end, a third part tells what begins so: once no end was
    // found, none is sought in the rest.
    const inlineRules = [
      [/^(`+)([^`]|[^`][^]*?[^`])\1(?!`)/, (m, into) => element("code", m[2].trim() || m[2], into)],
      [/^\*\*(?=\S)([^]*?\S)\*\*(?!\*)/,
        (m, into) => inline(m[1], element("strong", undefined, into)), /^\*\*\S/],
      [/^__(?=\S)([^]*?\S)__(?!\w)/,
        (m, into) => inline(m[1], element("strong", undefined, into)), /^__\S/],
      [/^~~(?=\S)([^]*?\S)~~/, (m, into) => inline(m[1], element("s", undefined, into)), /^~~\S/],
      [/^\*(?=[^\s*])([^*]*?[^\s*])\*(?!\*)/,
        (m, into) => inline(m[1], element("em", undefined, into))],
      [/^_(?=[^\s_])([^_]*?[^\s_])_(?!\w)/,
        (m, into) => inline(m[1], element("em", undefined, into))],
      [/^!?\[([^\[\]]*)\]\(\s{0,9}<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)>?(?:\s+"[^"]*")?\s*\)/,
        (m, into) => link(m[1] || m[2], m[2], into)],
      [/^<(https?:\/\/[^\s<>]+)>/, (m, into) => link(m[1], m[1], into)],
      [/^https?:\/\/[^\s<>"'`\])]*[^\s<>"'`\]).,;:!?]/, (m, into) => link(m[0], m[0], into)],
      [entity, (m, into) => into.append(character(m))],
      [/^\\([!-\/:-@\[-`{-~])/, (m, into) => into.append(m[1])],
      [/^(?: {2,}|\\)\n/, (m, into) => element("br", undefined, into)],
    ];
    const inlineStarts = /`+| {2,}|[*_~!\[<h\\&]/g;

    function inline(text, into) {
      const endless = new Set();
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
        let match = null;
        const rule = !inWord && inlineRules.find(rule => {
          if (endless.has(rule)) return false;
          match = rule[0].exec(rest);
          if (!match && rule[2]?.test(rest)) endless.add(rule);
          return match;
        });
        if (!rule) {
          place += next[0].length;
          continue;
        }
        into.append(text.slice(plain, place));
        rule[1](match, into);
        place += match[0].length;
        plain = place;
      }
      into.append(text.slice(plain));
      return into;
    }

    function link(words, target, into) {
      const [text, address] = [words, target].map(part =>
        part.replace(/&#?\w{1,31};/g, name => character(entity.exec(name) ?? [name])));
      // Only what leads to a page or a letter; `javascript:` and the like stay text.
      if (!/^(https?:\/\/|mailto:)/i.test(address)) return inline(words, into);
      const made = element("a", text, into);
      made.href = address;
      made.target = "_blank";
      made.rel = "noopener noreferrer";
      return made;
    }

    """#
}
