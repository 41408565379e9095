# SPDX-License-Identifier: MIT
"""Drawing as SVG: as much of it as the charts of scripts/policy-lab and scripts/trace need."""

import itertools

FONT = 'font-family="sans-serif" font-size="12"'


def round_up(value):
    """The next number that four equal steps lead to in round figures."""
    step = 1
    while 4 * step < value:
        step = next(n for n in itertools.count(step + 1)
                    if n in (2, 3, 5, 10, 15, 20, 25, 30, 40, 50) or n % 25 == 0 and n < 250 or
                    n % 100 == 0 and n < 1000 or n % 250 == 0)
    return 4 * step


# The paper, the words and the lines of a grid turn dark with the reader's screen.
STYLE = ("<style>.paper{fill:#fff}@media (prefers-color-scheme:dark){.paper{fill:#15181c}"
         "text:not([fill]){fill:#dde1e6}[stroke='#ddd']{stroke:#3a4048}"
         "[stroke='#000000']{stroke:#fff}}</style>")


class Drawing:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.parts = []

    def text(self, x, y, words, anchor="middle", more=""):
        words = str(words).replace("&", "&amp;").replace("<", "&lt;")
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {FONT} '
                          f'{more}>{words}</text>')

    def line(self, x1, y1, x2, y2, colour, more=""):
        self.parts.append(f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" '
                          f'{more}/>')

    def polyline(self, points, colour, more=""):
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{places}" stroke="{colour}" fill="none" {more}/>')

    def box(self, x, y, width, height, colour):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" '
                          f'height="{height:.1f}" fill="{colour}"/>')

    def dot(self, x, y, colour):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>')

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" '
                       f'height="{self.height}" viewBox="0 0 {self.width} {self.height}">\n'
                       f'{STYLE}\n<rect class="paper" fill="white" width="{self.width}" '
                       f'height="{self.height}"/>\n'
                       + "\n".join(self.parts) + "\n</svg>\n")
