# SPDX-License-Identifier: MIT
"""Drawing as SVG: as much of it as the charts of scripts/policy-lab and scripts/trace need."""

FONT = 'font-family="sans-serif" font-size="12"'


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
                       f'<rect width="{self.width}" height="{self.height}" fill="white"/>\n'
                       + "\n".join(self.parts) + "\n</svg>\n")
