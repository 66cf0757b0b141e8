r"""The patterns of the model in the dialect of Python.

The model writes them as Java does. Python has no `\p{C}` (control, format, surrogate, private and unassigned
characters) and no `\p{IsWhitespace}`, so these become sets of ranges.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

# In the model's dialect `\s` is ASCII alone, `\p{IsWhitespace}` is all of Unicode's white space.
WHITESPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"


@cache
def _ranges(*, of_c: bool) -> str:
    """The code points of category C, or all the others, as the inside of a character class."""
    pieces: list[str] = []
    start = -1
    for point in range(sys.maxunicode + 2):
        inside = point <= sys.maxunicode and (unicodedata.category(chr(point))[0] == "C") == of_c
        if inside and start < 0:
            start = point
        elif not inside and start >= 0:
            pieces.append(f"\\U{start:08x}-\\U{point - 1:08x}")
            start = -1
    return "".join(pieces)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of the model; use `fullmatch`."""
    text, result, position = pattern, [], 0
    in_class = False
    while position < len(text):
        for word, inside in ((r"\P{C}", False), (r"\p{C}", True)):
            if text.startswith(word, position):
                ranges = _ranges(of_c=inside)
                result.append(ranges if in_class else f"[{ranges}]")
                position += len(word)
                break
        else:
            if text.startswith(r"\p{IsWhitespace}", position):
                result.append(WHITESPACE)
                position += len(r"\p{IsWhitespace}")
                continue
            character = text[position]
            if character == "\\":
                result.append(text[position : position + 2])
                position += 2
                continue
            in_class = character == "[" or (in_class and character != "]")
            result.append(character)
            position += 1
    return re.compile("".join(result), re.ASCII)
