"""What becomes of a figure's SVG: small, without identifiers that collide, in colours that a page can change.

Matplotlib writes it and escapes every text; it is parsed and written anew here, so that nothing but
well-formed elements of ours reaches a page.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args
from xml.etree import ElementTree

from reports.contrast import luminance
from reports.figures.marks import Kind

Element = ElementTree.Element

NAMESPACE = "http://www.w3.org/2000/svg"
SVG = f"{{{NAMESPACE}}}"
LINK = "{http://www.w3.org/1999/xlink}href"
FONTS = "'DejaVu Sans', Verdana, sans-serif"
"""Letters of the first two are equally wide: what is laid out by one fits in the other."""
INHERITED = {"font-family": FONTS, "stroke-linejoin": "round", "stroke-linecap": "butt"}
NAMED = {
    "#ffffff": "paper",
    "#000000": "ink",
    "#262626": "ink",
    "#595959": "faint",
    "#8c8c8c": "edge",
    "#cccccc": "edge",
    "#e3e3e3": "grid",
}
"""The greys of `figures.style`, by what they are on a page."""
MOST_SEED_POINTS = 12_000
"""Points of single seeds that a figure has on a page; of more, every second, third, ... is drawn."""

_DECIMAL = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")
_STYLED = re.compile(r"(?P<what>fill|stroke): ?(?P<colour>#[0-9a-f]{6})")
_MARK = re.compile(rf"({'|'.join(get_args(Kind))})\.([0-9a-f]+)")
# What XML cannot hold, and a name may.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

ElementTree.register_namespace("", NAMESPACE)


@dataclass(frozen=True)
class Vector:
    """A figure's SVG.

    Attributes
    ----------
    inline : str
        Of a page, which has the `styles`.
    styles : mapping of str to str
        CSS by the class of the elements that have it: a figure has few, and thousands of elements.
    file : str
        Stands by itself.
    """

    inline: str
    styles: Mapping[str, str]
    file: str


def treat(svg: str, name: str, title: str, caption: str, lines: Collection[str]) -> Vector:
    """Make of matplotlib's SVG what a page and a file hold.

    Parameters
    ----------
    svg : str
        Written with ``svg.fonttype: none``.
    name : str
        Of the figure, unique within its page: every identifier begins with it.
    title, caption : str
        What is said of the figure to who does not see it.
    lines : collection of str
        The colours, ``#rrggbb``, that stand for arms or layers in this figure.
    """
    svg, title, caption = (
        _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text) for text in (svg, title, caption)
    )
    root = ElementTree.fromstring(svg)
    width, height = (float(number) for number in root.attrib["viewBox"].split()[2:])
    for key in ("version", "width", "height"):
        root.attrib.pop(key, None)
    for element in [each for each in root if each.tag == f"{SVG}metadata"]:
        root.remove(element)
    for parent in root.iter(f"{SVG}defs"):
        for style in parent.findall(f"{SVG}style"):
            parent.remove(style)
    root.attrib.update(INHERITED)
    _identify(root, name)
    for element in root.iter():
        _shorten(element)
    _flatten(root)
    file = _file(root, title, caption, width, height)
    _thin(root)
    for element in root.iter():
        _recolour(element, lines)
    size = {"width": f"{width * 96 / 72:.0f}", "height": f"{height * 96 / 72:.0f}"}
    root.attrib.update(size, role="img")
    root.attrib.update({"aria-label": title, "aria-describedby": f"{name}-caption"})
    styles = dict(_classified(element) for element in root.iter() if "style" in element.attrib)
    return Vector(ElementTree.tostring(root, encoding="unicode"), styles, file)


def _identify(root: Element, name: str) -> None:
    """Name after the figure what is referred to, drop other identifiers, and make classes of marks."""
    used = dict.fromkeys(target for element in root.iter() for target in _targets(element))
    short = {target: f"{name}-{number}" for number, target in enumerate(used)}
    for element in root.iter():
        own = element.attrib.pop("id", "")
        if own in short:
            element.set("id", short[own])
        elif found := _MARK.fullmatch(own):
            element.set("class", found[1])
            element.set("data-line", found[2])
        target = element.attrib.pop(LINK, "")
        if target:
            # Else an image, with its data.
            element.set("href", f"#{short[target[1:]]}" if target.startswith("#") else target)
        if clip := element.get("clip-path"):
            element.set("clip-path", f"url(#{short[clip[5:-1]]})")


def _targets(element: Element) -> Iterator[str]:
    if (target := element.get(LINK, "")).startswith("#"):
        yield target[1:]
    if clip := element.get("clip-path"):
        yield clip[5:-1]


def _shorten(element: Element) -> None:
    """Round coordinates to a tenth of a point, those of small shapes to a hundredth, and drop blanks."""
    for key in ("x", "y", "width", "height", "transform"):
        if key in element.attrib and element.tag != f"{SVG}image":
            element.set(key, _DECIMAL.sub(_tenth, element.attrib[key]))
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if path := element.get("d"):
        numbers = [abs(float(number)) for number in _DECIMAL.findall(path)]
        path = _DECIMAL.sub(_tenth if max(numbers, default=0.0) > 20 else _hundredth, path)
        element.set("d", re.sub(r"\s*([A-Za-z])\s*", r"\1", path).strip())
    if style := element.get("style"):
        style = style.replace("font-family: 'DejaVu Sans'; ", "").replace("stroke-dashoffset: 0; ", "")
        element.set("style", style)
    if element.tag != f"{SVG}text":
        element.text = None
    element.tail = None


def _tenth(found: re.Match[str]) -> str:
    return f"{round(float(found[0]), 1):g}"


def _hundredth(found: re.Match[str]) -> str:
    return f"{round(float(found[0]), 2):g}"


def _flatten(parent: Element) -> None:
    """Put what stands in groups without attributes, which are most, in the place of the group."""
    children: list[Element] = []
    for child in list(parent):
        _flatten(child)
        bare = child.tag in (f"{SVG}g", f"{SVG}defs") and not child.attrib
        if child.tag == f"{SVG}g" and bare:
            children.extend(child)
        elif len(child) or child.attrib or not bare:
            children.append(child)
    parent[:] = children


def _file(root: Element, title: str, caption: str, width: float, height: float) -> str:
    """Write the SVG that stands by itself: without single seeds, with what it shows as its title."""
    alone = _alone(root)
    for tag, text in (("desc", caption), ("title", title)):
        told = ElementTree.Element(f"{SVG}{tag}")
        told.text = text
        alone.insert(0, told)
    alone.attrib.update({"width": f"{width:g}pt", "height": f"{height:g}pt", "role": "img"})
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(alone, encoding="unicode")}\n'


def _alone(element: Element) -> Element:
    """Copy an element and what is in it, without what a page alone has."""
    alone = Element(element.tag, {name: value for name, value in element.items() if name != "data-line"})
    alone.text = element.text
    alone.extend(_alone(child) for child in element if child.get("class") != "seed")
    return alone


def _thin(root: Element) -> None:
    """Drop points of single seeds beyond what a page can hold, and none where a curve begins or ends."""
    paths = [path for seed in root.iter() if seed.get("class") == "seed" for path in seed.iter(f"{SVG}path")]
    pieces = {path: [piece.split("L") for piece in path.get("d", "").split("M")[1:]] for path in paths}
    step = -(-sum(len(points) for each in pieces.values() for points in each) // MOST_SEED_POINTS)
    if step > 1:
        for path, each in pieces.items():
            kept = ("L".join([*points[:-1:step], points[-1]]) for points in each)
            path.set("d", "".join(f"M{points}" for points in kept))


def _recolour(element: Element, lines: Collection[str]) -> None:
    """Let the page say which colours its paper, its ink and its lines have."""
    text = element.tag == f"{SVG}text"
    style = element.get("style", "")
    if text and "fill:" not in style:
        # Black is left out by matplotlib. It is no ink: like white it is written on what has a colour.
        style = f"{style}; fill: #000"
    if not style:
        return

    def variable(found: re.Match[str]) -> str:
        what, colour = found["what"], found["colour"]
        if text:
            name = "" if colour == "#ffffff" else NAMED.get(colour) or _shade(colour)
        elif colour in lines:
            name = f"line-{colour[1:]}"
        else:
            name = NAMED.get(colour, "")
        return f"{what}:var(--{name},{colour})" if name else f"{what}:{colour}"

    element.set("style", re.sub(r"([:;]) ", r"\1", _STYLED.sub(variable, style)))


def _classified(element: Element) -> tuple[str, str]:
    """Make a class of an element's style, of the same name wherever it is the same."""
    style = element.attrib.pop("style")
    name = f"s{hashlib.sha256(style.encode()).hexdigest()[:7]}"
    element.set("class", f"{element.get('class', '')} {name}".strip())
    return name, style


def _shade(colour: str) -> str:
    return "ink" if luminance(colour) < 0.05 else "faint"
