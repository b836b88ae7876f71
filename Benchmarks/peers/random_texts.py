"""Texts that try to part two tokenizers: seeded, so that a difference can be found again."""

import random
import sys
import unicodedata

WORDS = (
    "the of and to in is that for it as was with be by on not he his but at are this have from "
    "straße naïve coöperate İstanbul ﬁne ǆungla Ελλάδα русский ещё עברית العربية فارسی हिन्दी "
    "தமிழ் ไทย 中文字符 日本語 カタカナ ひらがな 한국어 ქართული հայերեն ភាសាខ្មែរ français español "
    "größer český WHO CamelCase snake_case kebab-case HTTPServer x86_64 e.g. i.e. U.S.A. don't "
    "I'll we've they'RE it'S ’s 'D rock'n'roll 3.14 1,000,000 0x7fFF 1e-9 12345678901234567890 "
    "½ ² ① Ⅷ １２３ ٣٤٥ १२३"
).split()
CODE = [
    "def f(x): return x ** 2\n", "for (int i = 0; i < n; ++i) {\n", "\t\tif err != nil {\r\n",
    '<div class="a">', "</div>", "SELECT * FROM t WHERE a >= 10;", "#include <stdio.h>\n",
    "let x = [1, 2, 3].map { $0 + 1 }", "&&", "||", "=>", "->", "::", "...", "///", "/*", "*/",
    "!==", "@property", "$HOME/.bashrc", "{{ x | upper }}", "\\n", "\\u00e9", "%20", "&amp;",
    "//\n\n\n"]
BLANKS = [
    " ", "  ", "   ", "        ", "\n", "\n\n", "\r\n", "\t", " \n", "\n ", "\t ", " \t", "\x0b",
    "\x0c", "\u0085", "\u00a0", "\u2003", "\u2028", "\u200b", "\u3000", "\ufeff"]
SIGNS = list(".,;:!?-_'\"()[]{}<>/\\|@#$%^&*+=~`…—–«»„“”’‘¿¡€£©®™°§¶•·×÷")
# Characters that join, split, compose or mean nothing.
JOINED = [
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇸🇮", "👍🏽", "e\u0301", "\u0301", "क्ष", "\u1100\u1161\u11a8", "각", "ﷺ",
    "\u212b", "ŉ", "ß", "ẞ", "\u202e", "\x00", "\x1b[0m", "\x7f", "\U000e0067", "\ufffd", "\u0378",
    "\U0010ffff", "\ufffe", "\uffff", "\U0001fffe", "\ue000", "\uf8ff", "\U000f0000", "\U00100000",
    "\u200c", "\u200d", "\u2060", "\ufe0e", "\ufe0f", "\u20e3", "7\ufe0f\u20e3", "\u0345", "\u1ab0",
    "Z\u0351\u0348\u0359a\u0328\u0308l", "\U0001f3fb", "\U0001f1e6", "\ufff9", "\u180e", "\u2028"]


def _assigned():
    return [chr(code) for code in range(sys.maxunicode + 1)
            if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]


class RandomTexts:
    """Makes texts of one to about a hundred characters, seldom of some thousands.

    `pieces` are texts of the vocabulary's own tokens and `specials` the names of its special
    tokens; both are mixed in.
    """

    def __init__(self, seed, pieces, specials):
        self.chance = random.Random(seed)
        self.pieces, self.specials = pieces, specials
        self.characters = _assigned()
        self.kinds = [
            self._prose, self._prose, self._code, self._from_pieces, self._from_pieces,
            self._any_characters, self._one_block, self._odd_characters, self._digits, self._run,
            self._mixture, self._mixture, self._mixture]

    def text(self):
        return self.chance.choice(self.kinds)()

    def _several(self, low, high, make):
        return "".join(make() for _ in range(self.chance.randint(low, high)))

    def _word(self):
        word = self.chance.choice(WORDS)
        kind = self.chance.random()
        if kind < 0.1:
            return word.upper()
        return word.title() if kind < 0.2 else word

    def _prose(self):
        def part():
            sign = self.chance.choice(SIGNS) if self.chance.random() < 0.2 else ""
            return self._word() + sign + (" " if self.chance.random() < 0.9 else self._blank())
        text = self._several(1, 14, part)
        return text.strip() if self.chance.random() < 0.5 else text

    def _blank(self):
        return self.chance.choice(BLANKS)

    def _code(self):
        return self._several(1, 6, lambda: self.chance.choice(CODE) + self.chance.choice(
            ["", " ", self._blank(), self._word()]))

    def _from_pieces(self):
        return self._several(1, 12, lambda: self.chance.choice(self.pieces))

    def _any_characters(self):
        return self._several(1, 30, lambda: self.chance.choice(self.characters))

    def _one_block(self):
        start = self.chance.randrange(len(self.characters) - 128)
        return self._several(1, 30, lambda: self.characters[start + self.chance.randrange(128)])

    def _odd_characters(self):
        """Joiners, marks, private use and code points that are nothing yet, between words."""
        def part():
            kind = self.chance.random()
            if kind < 0.4:
                return self.chance.choice(JOINED)
            if kind < 0.7:
                return self._code_point()
            return self._word() if kind < 0.9 else self.chance.choice(self.specials)
        return self._several(1, 16, part)

    def _code_point(self):
        code = self.chance.choice((0x3000, 0x10000, 0x20000, sys.maxunicode + 1))
        code = self.chance.randrange(code)
        return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)

    def _digits(self):
        number = self._several(1, 20, lambda: self.chance.choice("0123456789"))
        return self._blank() * self.chance.randint(0, 1) + number + self.chance.choice(
            ["", "%", ".5", "rd", " ", ",000", "年", "-" + number])

    def _run(self):
        unit = self.chance.choice([self._blank, self._word, lambda: self.chance.choice(SIGNS),
                                   lambda: self.chance.choice(self.characters)])()
        longest = 40 if self.chance.random() < 0.95 else 1000
        return unit * self.chance.randint(2, longest)

    def _mixture(self):
        def part():
            return self.chance.choice([
                self._word, self._blank, self._blank, lambda: self.chance.choice(SIGNS),
                lambda: self.chance.choice(JOINED), lambda: self.chance.choice(self.specials),
                lambda: self.chance.choice(self.characters), self._digits,
                lambda: self.chance.choice(CODE), lambda: self.chance.choice(self.pieces)])()
        return self._several(1, 12, part)
