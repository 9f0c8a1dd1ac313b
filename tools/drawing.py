"""Diagrams as SVG: boxes, arrows and text on a grid, in colours for light and dark pages.

Text uses the reader's font, and every picture has a title and a description for screen readers. A background keeps a
picture readable if the colours of the page differ from the preference of the reader's system.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

LINE_HEIGHT = 18
LETTER_WIDTH = 7.3
"""Average width of a character in the widest usual font at 13 pixels; text that does not fit a box is an error."""
STYLE = """\
    text { font: 13px system-ui, sans-serif; fill: #1d2b2a; }
    .strong { font-weight: 600; }
    .small { font-size: 12px; fill: #4a5c5a; }
    .code { font-family: ui-monospace, monospace; font-size: 12px; }
    .back { fill: #fbfdfc; stroke: #c9d6d4; }
    .box { fill: #ffffff; stroke: #5f7674; }
    .ours { fill: #dff3f0; stroke: #00897b; }
    .wrong { fill: #fde7e3; stroke: #c0452e; }
    .line { stroke: #40524f; stroke-width: 1.5; fill: none; }
    .dash { stroke-dasharray: 5 4; }
    .head { fill: #40524f; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6efee; }
      .small { fill: #b3c4c1; }
      .back { fill: #1c2524; stroke: #43524f; }
      .box { fill: #273331; stroke: #8fa5a2; }
      .ours { fill: #10443e; stroke: #4db6a9; }
      .wrong { fill: #54261e; stroke: #e58b78; }
      .line { stroke: #b3c4c1; }
      .head { fill: #b3c4c1; }
    }"""
HEAD = (
    '<marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse">'
    '<path class="head" d="M0 0 8 4 0 8z"/></marker>'
)
Point = tuple[float, float]


@dataclass
class Picture:
    """A picture; coordinates are pixels from the upper left corner."""

    name: str
    width: int
    height: int
    title: str
    description: str
    _shapes: list[str] = field(default_factory=list)

    def box(
        self, place: tuple[float, float, float, float], lines: Sequence[str] | str, kind: str = "box", words: str = ""
    ) -> None:
        """Draw a box at (x, y, width, height) with centred lines, the first of several in bold."""
        x, y, width, height = place
        lines = [lines] if isinstance(lines, str) else list(lines)
        for line in lines:
            if len(line) * LETTER_WIDTH > width - 8:
                raise ValueError(f"{self.name}: {line!r} does not fit {width} pixels")
        self._inside(x, y)
        self._inside(x + width, y + height)
        self._shapes.append(f'<rect class="{kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>')
        first = y + height / 2 - (len(lines) - 1) * LINE_HEIGHT / 2 + 5
        for number, line in enumerate(lines):
            strong = "strong" if number == 0 and len(lines) > 1 else "small" if number else ""
            classes = f"{strong} {words}".strip()
            self.text((x + width / 2, first + number * LINE_HEIGHT), line, classes, "middle")

    def text(self, at: Point, words: str, classes: str = "", anchor: str = "start") -> None:
        """Draw a line of text whose baseline begins (or has its middle, or ends) at a point."""
        x, y = at
        named = f' class="{classes}"' if classes else ""
        anchored = f' text-anchor="{anchor}"' if anchor != "start" else ""
        shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
        left = x - len(words) * LETTER_WIDTH * shift
        self._inside(left, y)
        self._inside(left + len(words) * LETTER_WIDTH, y)
        self._shapes.append(f'<text{named} x="{x:g}" y="{y:g}"{anchored}>{escape(words)}</text>')

    def arrow(self, *points: Point, dashed: bool = False, both: bool = False, plain: bool = False) -> None:
        """Draw a line through points with an arrow head at its end, at both ends, or at none."""
        for x, y in points:
            self._inside(x, y)
        path = "M" + " ".join(f"{x:g} {y:g}" for x, y in points)
        ends = "" if plain else ' marker-end="url(#head)"' + (' marker-start="url(#head)"' if both else "")
        self._shapes.append(f'<path class="line{" dash" if dashed else ""}" d="{path}"{ends}/>')

    def svg(self) -> str:
        return "\n".join([*self._opening(), *(f"  {shape}" for shape in self._shapes), "</svg>"]) + "\n"

    def _opening(self) -> Iterator[str]:
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        yield f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">'
        yield f'  <title id="title">{escape(self.title)}</title>'
        yield f'  <desc id="desc">{escape(self.description)}</desc>'
        yield f"  <style>\n{STYLE}\n  </style>"
        yield f"  <defs>{HEAD}</defs>"
        yield f'  <rect class="back" x="0.5" y="0.5" width="{self.width - 1}" height="{self.height - 1}" rx="10"/>'

    def _inside(self, x: float, y: float) -> None:
        if not (0 <= x <= self.width and 0 <= y <= self.height):
            raise ValueError(f"{self.name}: ({x:g}, {y:g}) is outside")
