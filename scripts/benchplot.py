# SPDX-License-Identifier: MIT
"""Drawings of the bench as SVG: ratios as bars, growth as curves. Logarithmic axes."""

import html
import math

FONT = 'font-family="sans-serif" font-size="12"'
COLOURS = ["#2b6cb0", "#c05621", "#718096", "#2f855a"]


def document(width, height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" {FONT}>\n'
            f'<rect width="{width}" height="{height}" fill="white"/>\n{body}</svg>\n')


def text(x, y, words, anchor="start"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{html.escape(words)}</text>\n'


def line(x0, y0, x1, y1, colour="#cbd5e0", width=1):
    return (f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" '
            f'stroke="{colour}" stroke-width="{width}"/>\n')


def bars(rows):
    """rows: (title, Pagoda's, Linux's). A bar is their ratio; it begins at 1, where they are
    equal, and goes left where Pagoda is cheaper."""
    left, right, step, low, high = 300, 880, 20, 0.001, 4
    height = step * len(rows) + 60

    def place(ratio):
        ratio = min(max(ratio, low), high)
        return left + (right - left) * math.log(ratio / low) / math.log(high / low)

    body = text(left, 18, "Pagoda's instructions for one of Linux's")
    for mark in (0.001, 0.01, 0.1, 1 / 3, 1):
        body += line(place(mark), 40, place(mark), height - 12)
        body += text(place(mark), 35, f"{mark:.3g}", "middle")
    for number, (title, mine, linux) in enumerate(rows):
        y = 48 + step * number
        ratio = mine / linux
        colour = COLOURS[3] if ratio <= 1 / 3 else COLOURS[0] if ratio <= 1 else COLOURS[1]
        first, last = sorted((place(ratio), place(1)))
        body += text(left - 8, y + 11, title, "end")
        body += (f'<rect x="{first:.1f}" y="{y}" width="{max(last - first, 1):.1f}" '
                 f'height="{step - 6}" fill="{colour}"/>\n')
        body += text(right + 8, y + 11, f"{ratio:.3f}")
    return document(960, height, body)


def curves(measured):
    """measured: {kernel: {curve: [(x, y)]}}; a small drawing for each curve."""
    width, height, columns = 300, 220, 3
    names = list(dict.fromkeys(name for kernel in measured.values() for name in kernel))
    body = ""
    for number, kernel in enumerate(measured):
        body += line(20 + 200 * number, 14, 44 + 200 * number, 14, COLOURS[number], 2)
        body += text(50 + 200 * number, 18, kernel)
    for number, name in enumerate(names):
        x, y = number % columns * width, number // columns * height + 30
        body += f'<g transform="translate({x},{y})">\n'
        body += curve(name, {kernel: points[name] for kernel, points in measured.items()
                             if name in points}, width, height)
        body += "</g>\n"
    rows = (len(names) + columns - 1) // columns
    return document(width * columns, rows * height + 40, body)


def curve(name, kernels, width, height):
    left, right, top, bottom = 50, width - 15, 26, height - 26
    points = [point for series in kernels.values() for point in series]
    x_low, x_high = min(x for x, _ in points), max(x for x, _ in points)
    y_low = 10 ** math.floor(math.log10(max(min(y for _, y in points), 1)))
    y_high = 10 ** math.ceil(math.log10(max(max(y for _, y in points), 10)))

    def place(x, y):
        return (left + (right - left) * math.log(x / x_low) / math.log(x_high / x_low),
                bottom - (bottom - top) * math.log(max(y, 1) / y_low) / math.log(y_high / y_low))

    body = text(left, 16, name)
    decade = y_low
    while decade <= y_high:
        height_of = place(x_low, decade)[1]
        body += line(left, height_of, right, height_of)
        body += text(left - 4, height_of + 4, f"{decade:.0e}".replace("e+0", "e"), "end")
        decade *= 10
    body += text(left, bottom + 18, f"{x_low:,}") + text(right, bottom + 18, f"{x_high:,}", "end")
    for number, series in enumerate(kernels.values()):
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (place(x, y) for x, y in series))
        body += f'<polyline points="{path}" fill="none" stroke="{COLOURS[number]}" ' \
                'stroke-width="2"/>\n'
    return body
