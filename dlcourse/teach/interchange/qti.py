"""QTI 3.0 export: one assessment item per question, with its feedback."""

from xml.etree import ElementTree as ET

from ..text import to_html
from .plain import Plain

_NS = "http://www.imsglobal.org/xsd/imsqtiasi_v3p0"
_TEMPLATE = "https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/"
_CARDINALITY = {"choices": "multiple", "match": "multiple", "order": "ordered"}
_BASE = {
    "choice": "identifier",
    "choices": "identifier",
    "order": "identifier",
    "match": "directedPair",
    "number": "float",
}


def export(one: Plain) -> str:
    """The item of one question."""
    root = ET.Element(
        "qti-assessment-item",
        {
            "xmlns": _NS,
            "identifier": one.id,
            "title": one.id,
            "adaptive": "false",
            "time-dependent": "false",
        },
    )
    _response(root, one)
    for name, base in (("SCORE", "float"), ("FEEDBACK", "identifier")):
        values = {"identifier": name, "cardinality": "single", "base-type": base}
        ET.SubElement(root, "qti-outcome-declaration", values)
    body = ET.SubElement(root, "qti-item-body")
    _html(ET.SubElement(body, "div"), one.stem)
    _interaction(body, one)
    _processing(root, one)
    for i, answer in enumerate(one.answers):
        if answer.feedback:
            _modal(root, f"A{i}", answer.feedback)
    if one.solution:
        _modal(root, "SOLUTION", one.solution)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode")


def _response(root: ET.Element, one: Plain) -> None:
    node = ET.SubElement(
        root,
        "qti-response-declaration",
        {
            "identifier": "RESPONSE",
            "cardinality": _CARDINALITY.get(one.kind, "single"),
            "base-type": _BASE.get(one.kind, "string"),
        },
    )
    if one.kind == "essay":
        return
    correct = ET.SubElement(node, "qti-correct-response")
    for value in _right(one):
        ET.SubElement(correct, "qti-value").text = value


def _right(one: Plain) -> list[str]:
    if one.kind == "match":
        return [f"A{i} P{i}" for i, a in enumerate(one.answers) if a.text]
    if one.kind in ("number", "text"):
        return [next(a.text for a in one.answers if a.share == 1)]
    return [f"A{i}" for i, a in enumerate(one.answers) if a.share > 0]


def _interaction(body: ET.Element, one: Plain) -> None:
    asked = {"response-identifier": "RESPONSE"}
    if one.kind in ("choice", "choices", "order"):
        name = "qti-order-interaction" if one.kind == "order" else "qti-choice-interaction"
        most = {} if one.kind == "order" else {"max-choices": "1" if one.kind == "choice" else "0"}
        node = ET.SubElement(body, name, {**asked, "shuffle": "true", **most})
        for i, answer in enumerate(one.answers):
            _html(ET.SubElement(node, "qti-simple-choice", identifier=f"A{i}"), answer.text)
    elif one.kind == "match":
        _match(ET.SubElement(body, "qti-match-interaction", {**asked, "shuffle": "true"}), one)
    elif one.kind == "essay":
        ET.SubElement(body, "qti-extended-text-interaction", asked)
    else:
        ET.SubElement(ET.SubElement(body, "p"), "qti-text-entry-interaction", asked)


def _match(node: ET.Element, one: Plain) -> None:
    left, right = (ET.SubElement(node, "qti-simple-match-set") for _ in range(2))
    for i, a in enumerate(one.answers):
        if a.text:
            _associable(left, f"A{i}", a.text)
        _associable(right, f"P{i}", a.partner)


def _associable(parent: ET.Element, name: str, text: str) -> None:
    values = {"identifier": name, "match-max": "1"}
    _html(ET.SubElement(parent, "qti-simple-associable-choice", values), text)


def _processing(root: ET.Element, one: Plain) -> None:
    if one.kind == "essay":
        return
    if one.kind == "choice":
        _choice_processing(root)
    elif one.kind == "number":
        _number_processing(root, one)
    else:
        ET.SubElement(root, "qti-response-processing", template=f"{_TEMPLATE}match_correct.xml")


def _choice_processing(root: ET.Element) -> None:
    node = ET.SubElement(root, "qti-response-processing")
    _condition(node, _variable_and_correct("qti-match"))
    told = ET.SubElement(node, "qti-set-outcome-value", identifier="FEEDBACK")
    ET.SubElement(told, "qti-variable", identifier="RESPONSE")


def _number_processing(root: ET.Element, one: Plain) -> None:
    node = ET.SubElement(root, "qti-response-processing")
    test = _variable_and_correct("qti-equal")
    percent = f"{100 * one.tolerance:g}"
    test.set("tolerance-mode", "relative")
    test.set("tolerance", f"{percent} {percent}")
    _condition(node, test)


def _variable_and_correct(name: str) -> ET.Element:
    test = ET.Element(name)
    ET.SubElement(test, "qti-variable", identifier="RESPONSE")
    ET.SubElement(test, "qti-correct", identifier="RESPONSE")
    return test


def _condition(parent: ET.Element, test: ET.Element) -> None:
    whole = ET.SubElement(parent, "qti-response-condition")
    met = ET.SubElement(whole, "qti-response-if")
    met.append(test)
    _score(met, "1")
    _score(ET.SubElement(whole, "qti-response-else"), "0")


def _score(parent: ET.Element, value: str) -> None:
    node = ET.SubElement(parent, "qti-set-outcome-value", identifier="SCORE")
    ET.SubElement(node, "qti-base-value", {"base-type": "float"}).text = value


def _modal(root: ET.Element, name: str, text: str) -> None:
    values = {"outcome-identifier": "FEEDBACK", "identifier": name, "show-hide": "show"}
    node = ET.SubElement(root, "qti-modal-feedback", values)
    _html(ET.SubElement(node, "qti-content-body"), text)


def _html(node: ET.Element, markdown: str) -> None:
    """Append the HTML of `markdown`, which comes out of the sanitiser as well-formed XML."""
    text = to_html(markdown).replace("<br>", "<br/>").replace("<hr>", "<hr/>")
    inner = ET.fromstring(f"<div>{text.replace('&nbsp;', '&#160;')}</div>")
    node.text = inner.text
    node.extend(list(inner))
