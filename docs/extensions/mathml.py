"""Formulas as docstrings write them, ``w <- w - lr m̂ / (sqrt(v̂) + eps)``, as MathML.

Products bind more tightly than `` / `` between spaces, so ``lr g / (u + eps)`` is one fraction; a
slash without spaces takes its neighbours alone, as in ``1/2 sum_j o_j``::

    line    = (operator | prose | ratio)*
    ratio   = product (" / " product)*
    product = run (" " run)*
    run     = atom atom* ["/" run]           without spaces
    atom    = (number | word | group) ("²" | "ᵀ" | "'" | "_" index | "^" run)*
"""

from __future__ import annotations

import re
from collections.abc import Collection
from html import escape

GREEK = {
    **{"alpha": "α", "beta": "β", "delta": "δ", "eps": "ε", "theta": "θ", "kappa": "κ"},
    **{"lambda": "λ", "Lambda": "Λ", "mu": "μ", "rho": "ρ", "phi": "φ", "pi": "π"},
}
NAMES = {  # of functions and variables with more than one letter; other words are English
    *("activation", "cos", "diag", "exp", "log", "max", "mean", "min", "sigmoid", "sign", "sqrt"),
    *("sum", "tanh", "average", "end", "gain", "lr", "mask", "pad", "start", "step", "top"),
    *("dL", "do", "da"),
}
OPERATORS = {"<-": "←", "->": "→", "<=": "≤", ">=": "≥", "-": "−", "*": "·", "~": "∼"}
SUPERSCRIPTS = {"²": "<mn>2</mn>", "ᵀ": "<mi>T</mi>", "'": '<mo lspace="0" rspace="0">′</mo>'}
CLOSING = {"(": ")", "[": "]", "|": "|"}
THIN, WIDE = '<mspace width="0.17em"/>', '<mspace width="0.33em"/>'
TOKEN = re.compile(
    r"(?P<space>\s*)(?P<text>"
    r"(?<!\w)'\w+'|<-|->|<=|>=|"  # the name of a choice; operators of two characters
    r"\d+(?:\.\d+)?…?|"
    r"(?:sum|max|min|mean)_[a-z](?:,[a-z])*(?!\w)|"
    r"[A-Za-z]+'s|[A-Za-z]+\d*(?:_[A-Za-z]\w*)?\u0302?|"
    r"_\{[^}]*\}|_\w|.)",
    re.ASCII,
)


def mathml(lines: list[str], parameters: Collection[str] = ()) -> str:
    """Return a table of formulas; names of `parameters` are set upright, as a whole.

    Two or more spaces separate the cells of a line, which are columns where all lines have equally
    many.
    """
    rows = [re.split(r" {2,}", line.strip()) for line in lines if line.strip()]
    cells = [[Parser(cell, parameters).line() for cell in row] for row in rows]
    if len({len(row) for row in cells}) > 1 or len(cells) == 1:
        cells = [['<mspace width="2em"/>'.join(row)] for row in cells]
    table = "".join(
        "<mtr>" + "".join(f"<mtd>{cell}</mtd>" for cell in row) + "</mtr>" for row in cells
    )
    return f'<math display="block"><mtable displaystyle="true">{table}</mtable></math>'


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def bracket(text: str, form: str) -> str:
    return f'<mo form="{form}" fence="true" stretchy="false">{text}</mo>'


class Parser:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, parameters: Collection[str] = ()) -> None:
        self.source, self.parameters = text, parameters
        self.names = {*GREEK, *NAMES, *parameters}
        self.tokens = [(m["text"], bool(m["space"])) for m in TOKEN.finditer(text)]
        self.place = 0
        self.closing: list[str] = []  # of the brackets that are open

    @property
    def next(self) -> str:
        return self.tokens[self.place][0] if self.place < len(self.tokens) else ""

    @property
    def spaced(self) -> bool:
        return self.tokens[self.place][1]

    def take(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1][0]

    def begins_atom(self) -> bool:
        text = self.next
        if not text or text in self.closing[-1:] or self.is_prose(text):
            return False
        return text[0].isalnum() or text in ("(", "[", "|", "…", "±") or text[1:].endswith("'")

    def line(self) -> str:
        parts: list[str] = []
        after_operator = True
        while self.next and self.next not in self.closing[-1:]:
            if self.begins_atom() or self.is_prose(self.next):
                after_operator = self.is_prose(self.next)
                parts.append(self.prose() if after_operator else self.ratio())
                continue
            text = self.take()
            if text in CLOSING.values():
                raise ValueError(f"{self.source!r} has an unexpected {text!r}")
            form = ' form="prefix"' if after_operator and text in "+-" else ""
            parts.append(f"<mo{form}>{escape(OPERATORS.get(text, text))}</mo>")
            if text in ";:" or (text == "," and self.next and self.spaced):
                parts.append(WIDE)
            after_operator = True
        return row(*parts)

    def prose(self) -> str:
        words = [self.take()]
        while self.is_prose(self.next):
            words.append(self.take())
        return f"{WIDE}<mtext>{escape(' '.join(words))}</mtext>{WIDE}"

    def ratio(self) -> str:
        start = self.place
        left = self.product()
        while self.next == "/" and self.spaced:
            left = self.without_parentheses(start, left)
            self.take()
            start = self.place
            right = self.product()
            left = f"<mfrac>{left}{self.without_parentheses(start, right)}</mfrac>"
        return left

    def product(self) -> str:
        parts = [self.run()]
        while self.begins_atom():
            parts += [THIN, self.run()]
        return row(*parts)

    def without_parentheses(self, start: int, whole: str) -> str:
        """Return what is inside of the group that begins at `start`, if it is all of `whole`."""
        if not self.is_group(start):
            return whole
        self.place = start + 1
        return self.until(")")

    def is_group(self, start: int) -> bool:
        """Whether the tokens from `start` to here are one pair of parentheses."""
        depth = 0
        for place in range(start, self.place):
            depth += {"(": 1, ")": -1}.get(self.tokens[place][0], 0)
            if depth == 0:
                return place == self.place - 1 and place > start
        return False

    def run(self) -> str:
        parts = [self.atom()]
        while self.begins_atom() and not self.spaced:
            parts.append(self.atom())
        whole = row(*parts)
        if self.next == "/" and not self.spaced:
            self.take()
            return f"<mfrac>{whole}{self.run()}</mfrac>"
        return whole

    def atom(self) -> str:
        text = self.take()
        if text == "sqrt" and self.next == "(":
            self.take()
            base = f"<msqrt>{self.until(')')}</msqrt>"
        elif text == "floor" and self.next == "(":
            self.take()
            base = row("<mo>⌊</mo>", self.until(")"), "<mo>⌋</mo>")
        elif text in CLOSING:
            close = CLOSING[text]
            base = row(bracket(text, "prefix"), self.until(close), bracket(close, "postfix"))
        else:
            base = self.word(text)
        while self.next and not self.spaced and self.next[0] in "²ᵀ'_^":
            base = self.postfix(base)
        return base

    def until(self, close: str) -> str:
        self.closing.append(close)
        inner = self.line()
        if not self.next:
            raise ValueError(f"{self.source!r} has no {close!r}")
        self.closing.pop()
        self.take()
        return inner

    def postfix(self, base: str) -> str:
        mark = self.take()
        if mark.startswith("_"):
            index = Parser(mark[1:].strip("{}")).line()
            return f"<msub>{base}{index}</msub>"
        if mark != "^":
            exponent = SUPERSCRIPTS[mark]
        elif self.next == "(":
            self.take()
            exponent = self.until(")")
        else:
            exponent = self.run()
        if base.startswith("<msub>"):
            parts = base.removeprefix("<msub>").removesuffix("</msub>")
            return f"<msubsup>{parts}{exponent}</msubsup>"
        return f"<msup>{base}{exponent}</msup>"

    def is_prose(self, text: str) -> bool:
        return text == "&" or (
            re.fullmatch(r"[A-Za-z]{2,}('s)?", text) is not None and text not in self.names
        )

    def word(self, text: str) -> str:
        if text[0] == "'":
            return f"<mtext>{escape(text)}</mtext>"
        if text[0].isdigit():
            return f"<mn>{text}</mn>"
        if re.fullmatch(r"d[a-zL]", text):  # a differential, as in dL/do
            return row("<mi>d</mi>", f"<mi>{text[1]}</mi>")
        if text.endswith("\u0302"):
            return f'<mover accent="true"><mi>{text[0]}</mi><mo stretchy="false">ˆ</mo></mover>'
        name = re.fullmatch(r"([A-Za-z]+)(\d*)(?:_(.+))?", text, re.ASCII)
        if name is None:
            return f"<mi>{escape(text)}</mi>"
        base, digits, index = name.groups(default="")
        if text in self.parameters and base not in GREEK:
            return f"<mi>{text}</mi>"
        indices = f"<mn>{digits}</mn>" * bool(digits)
        if index:
            indices += self.word(index) if "," not in index else f"<mi>{index}</mi>"
        if base in ("sum", "max", "min", "mean") and index:
            operator = "∑" if base == "sum" else base
            return f'<munder><mo movablelimits="false">{operator}</mo>{indices}</munder>'
        symbol = f"<mi>{GREEK.get(base, base)}</mi>"
        return f"<msub>{symbol}{row(indices)}</msub>" if indices else symbol
