"""What comes from the accessibility bus and what goes out as XML, byte for byte, without any bus."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from agentgym.backends.x11.accessibility.accessible import Accessible
from agentgym.backends.x11.accessibility.cache import read_cache
from agentgym.backends.x11.accessibility.family import Family
from agentgym.backends.x11.accessibility.markup import DEEPEST, WIDEST, Element, to_xml
from agentgym.backends.x11.accessibility.placing import placed
from agentgym.backends.x11.accessibility.vocabulary import role_name, state_names
from agentgym.backends.x11.accessibility.wire import Call, Reply, WireError, decode, encode, split

_ITEMS = "a((so)(so)(so)iiassusau)"
_OLD_ITEMS = "a((so)(so)(so)a(so)assusau)"
_ROOT = "/org/a11y/atspi/accessible/root"
_SEEN = 1 << 25 | 1 << 30


def _pack(kind: str, value: Any, before: bytes) -> bytes:
    """``before`` with a value after it, by the rules of the D-Bus specification."""
    if kind in "so":
        raw: bytes = value.encode()
        return _pack("u", len(raw), before) + raw + b"\0"
    if kind in "iud":
        code = struct.Struct("=" + kind.replace("u", "I"))
        return before + bytes(-len(before) % code.size) + code.pack(value)
    if kind[0] == "a":
        start = before + bytes(-len(before) % 4)
        content = bytes(start) + b"\0\0\0\0"
        content += bytes(-len(content) % (8 if kind[1] in "({d" else 4))
        end = content
        for element in value.items() if kind[1] == "{" else value:
            end = _pack(kind[1:], element, end)
        return start + struct.pack("=I", len(end) - len(content)) + end[len(start) + 4 :]
    end = before + bytes(-len(before) % 8)
    for member, part in zip(_types(kind[1:-1]), value, strict=True):
        end = _pack(member, part, end)
    return end


def _types(signature: str) -> list[str]:
    types, depth, start = [], 0, 0
    for place, character in enumerate(signature):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(character, 0)
        if depth == 0 and character != "a":
            types.append(signature[start : place + 1])
            start = place + 1
    return types


def _reply(signature: str, *values: Any) -> Reply:
    body = b""
    for kind, value in zip(_types(signature), values, strict=True):
        body = _pack(kind, value, body)
    return Reply(1, None, ":1.1", signature, body)


def _item(
    path: str, parent: str, *, name: str = "", place: int = 0, children: int = 0, interfaces: Sequence[str] = ()
) -> Any:
    names = ["org.a11y.atspi.Accessible", *(f"org.a11y.atspi.{interface}" for interface in interfaces)]
    owner = ":1.0" if parent == "desktop" else ":1.1"
    return ((":1.1", path), (":1.1", _ROOT), (owner, parent), place, children, names, name, 29, "what", [_SEEN, 1])


def _part(
    path: str, parent: str | None, place: int, *, children: int = 0, states: int = _SEEN, role: int = 29
) -> Accessible:
    return Accessible(path, parent, place, children, frozenset(), path, role, states)


def _family(*parts: Accessible) -> Family:
    return Family("/root", {part.path: part for part in parts})


def _message(kind: int, *fields: tuple[int, str, Any], body: bytes = b"") -> bytes:
    packed = b""
    for code, signature, value in fields:
        packed += bytes(-len(packed) % 8) + bytes([code, 1]) + signature.encode() + b"\0"
        packed = (
            packed + bytes([len(value)]) + value.encode() + b"\0"
            if signature == "g"
            else _pack(signature, value, packed)
        )
    header = struct.pack("=cBBBIII", b"l", kind, 0, 1, len(body), 7, len(packed)) + packed
    return header + bytes(-len(header) % 8) + body


_strings = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_references = st.tuples(_strings, _strings)
_words = st.integers(0, 2**32 - 1)


@pytest.mark.episodes
@given(st.lists(_strings), st.floats(allow_nan=False), st.dictionaries(_strings, _strings), st.lists(_references))
def test_values_come_back_as_they_were_packed(names: Any, number: float, attributes: Any, references: Any) -> None:
    reply = _reply("asda{ss}a(so)", names, number, attributes, references)
    first, *others = decode(reply.signature, reply.body)
    assert list(first) == names
    assert others == [number, attributes, references]


@pytest.mark.episodes
@given(
    st.lists(st.tuples(_references, _references, _references, _words, st.lists(_strings, max_size=3), _strings, _words))
)
def test_cache_is_read_as_it_would_be_decoded(rows: Any) -> None:
    items = [
        (*references, place % 99 - 1, place % 7, interfaces, name, place % 130, name, [word, place])
        for *references, place, interfaces, name, word in rows
    ]
    parts = read_cache(_reply(_ITEMS, items), ":1.1")
    assert list(parts) == list(dict.fromkeys(item[0][1] for item in items))
    for item in {item[0][1]: item for item in items}.values():
        part = parts[item[0][1]]
        assert (part.place, part.child_count, part.name, part.role) == (item[3], item[4], item[6], item[7])
        assert part.states == item[9][0] | item[9][1] << 32
        assert part.parent == (item[2][1] if item[2][0] == ":1.1" else None)


@given(st.binary(max_size=200))
def test_rubbish_in_place_of_a_cache_is_a_wire_error_or_nothing_wrong(body: bytes) -> None:
    for signature in (_ITEMS, _OLD_ITEMS):
        try:
            read_cache(Reply(1, None, ":1.1", signature, body), ":1.1")
        except WireError:
            continue


def test_old_form_of_the_cache_gives_the_same_parts() -> None:
    items = [_item(_ROOT, "desktop", children=2), _item("/b", _ROOT, place=1, name="b"), _item("/a", _ROOT, place=0)]
    children = [[(":1.1", "/a"), (":1.1", "/b")], [], []]
    old = [(*item[:3], own, *item[5:]) for item, own in zip(items, children, strict=True)]
    expected = read_cache(_reply(_ITEMS, items), ":1.1") | {}
    expected[_ROOT] = expected[_ROOT]._replace(place=-1)
    assert read_cache(_reply(_OLD_ITEMS, old), ":1.1") == expected


def test_application_without_cache_has_no_parts() -> None:
    assert read_cache(Reply(1, "org.freedesktop.DBus.Error.UnknownMethod", ":1.1", "s", b""), ":1.1") == {}


@given(_strings, st.integers(-(2**31), 2**31 - 1), _words)
def test_call_follows_the_specification(text: str, signed: int, unsigned: int) -> None:
    raw = encode(Call(":1.22", "/a/b", "org.x", "Get", "siu", (text, signed, unsigned)), 5)
    order, kind, _, version, body_length, serial, fields_length = struct.unpack_from("=cBBBIII", raw)
    assert (order, kind, version, serial) == (b"l", 1, 1, 5)
    body_at = 16 + fields_length + -fields_length % 8
    assert len(raw) == body_at + body_length
    fields = _message(1, (8, "g", "siu"), (2, "s", "org.x"), (3, "s", "Get"), (6, "s", ":1.22"), (1, "o", "/a/b"))
    assert raw[16:body_at] == fields[16:]
    assert decode("siu", raw[body_at:]) == (text, signed, unsigned)


def test_replies_are_split_wherever_the_stream_is_cut() -> None:
    answer = _message(2, (5, "u", 3), (8, "g", "s"), (7, "s", ":1.4"), body=_pack("s", "hello", b""))
    error = _message(3, (5, "u", 4), (4, "s", "org.x.Error"), (7, "s", ":1.4"))
    signal = _message(4, (1, "o", "/"), (2, "s", "org.x"), (3, "s", "Changed"))
    stream = answer + signal + error
    for cut in range(len(stream)):
        received = bytearray(stream[:cut])
        replies = split(received)
        received += stream[cut:]
        replies += split(received)
        assert [(reply.serial, reply.error, reply.sender) for reply in replies] == [
            (3, None, ":1.4"),
            (4, "org.x.Error", ":1.4"),
        ]
        assert replies[0].values() == ("hello",)
        assert not received


@pytest.mark.parametrize(
    "stream",
    [
        b"x" * 16,
        _message(2, body=b"")[:4] + b"\xff" * 12,
        _message(2, (8, "g", "s")),
        b"l\2\0\1" + b"\0" * 4 + b"\1\0\0\0\3\0\0\0abc" + bytes(5),
    ],
    ids=["no message", "too long", "no serial", "torn header"],
)
def test_stream_of_rubbish_is_a_wire_error(stream: bytes) -> None:
    with pytest.raises(WireError):
        split(bytearray(stream))


@pytest.mark.parametrize("signature", ["a", "(s", "h", "as", "v", "s", "a{s", ")", "a()"])
def test_body_that_is_not_its_signature_is_a_wire_error(signature: str) -> None:
    with pytest.raises(WireError):
        decode(signature, b"\xff\xff\xff\x7f")


def test_roles_and_states_have_osworlds_names() -> None:
    assert [role_name(role) for role in (33, 54, 75, 92, 129)] == [
        "menu",
        "status bar",
        "application",
        "document spreadsheet",
        "push button menu",
    ]
    assert [role_name(role) for role in (-1, 70, 130)] == [None, None, None]
    assert state_names(_SEEN | 1 << 31 | 1 << 43) == ("showing", "visible", "manages_descendants", "read_only")


def test_children_stand_in_the_order_of_their_places() -> None:
    family = _family(_part("/root", None, -1, children=2), _part("/b", "/root", 1), _part("/a", "/root", 0))
    assert not family.uncertain()
    assert [part.path for part in family.settle()] == ["/root", "/a", "/b"]
    assert [child.name for child in family.element({}).children] == ["/a", "/b"]


@pytest.mark.parametrize("places", [(-1, 0), (0, 0)])
def test_children_that_do_not_say_their_places_are_asked_for(places: tuple[int, int]) -> None:
    root = _part("/root", None, -1, children=2)
    family = _family(root, _part("/a", "/root", places[0]), _part("/b", "/root", places[1]))
    assert family.uncertain() == [root]


def test_missing_children_are_asked_for_only_where_they_can_be_seen() -> None:
    root = _part("/root", None, -1, children=2, role=75, states=0)
    hidden, shown = _part("/a", "/root", 0, children=3, states=0), _part("/b", "/root", 1, children=3)
    assert _family(root, hidden, shown).uncertain() == [shown]


def test_circles_and_twins_are_cut() -> None:
    parts = [_part("/root", "/b", 0, children=1), _part("/a", "/root", 0), _part("/b", "/a", 0)]
    family = _family(*parts)
    family.adopt(parts[2], ["/root", "/a", "/b"])
    assert [part.path for part in family.settle()] == ["/root", "/a", "/b"]
    assert family.element({}).children[0].children[0].children == []


def test_deep_and_wide_trees_end_at_osworlds_limits() -> None:
    chain = [_part(f"/{depth}", f"/{depth - 1}", 0) for depth in range(1, DEEPEST + 20)]
    wide = [_part(f"/w{place}", "/root", place) for place in range(WIDEST + 5)]
    family = _family(_part("/root", None, -1), *wide, _part("/0", "/w0", 0), *chain)
    family.settle()
    tree = etree.fromstring(to_xml([family.element({})]))
    assert len(tree[0]) == WIDEST
    assert max(len(list(node.iterancestors())) for node in tree.iter()) == DEEPEST


def test_xml_is_osworlds() -> None:
    spin = Element(
        "spin button",
        name="Size",
        states=("enabled", "showing", "visible"),
        attributes={"toolkit": "gtk", "": "no name"},
        extents=(1, 2, 30, 40),
        image=True,
        selection=True,
        values={"value": 1.0, "min": 0.0, "max": 9.5, "step": 0.1},
        actions=[("do it", "does it", "<Alt>d"), ("", "", "")],
        text="1￼",
    )
    xml = to_xml([Element("application", name="app", children=[spin])])
    names = ("state", "attributes", "component", "document", "document/attributes", "text", "value", "action")
    spaces = zip(("st", "attr", "cp", "doc", "docattr", "txt", "val", "act"), names, strict=True)
    declared = "".join(
        f' xmlns:{prefix}="https://accessibility.ubuntu.example.org/ns/{name}"' for prefix, name in spaces
    )
    assert xml == (
        f'<desktop-frame{declared}><application name="app">'
        '<spin-button name="Size" st:enabled="true" st:showing="true" st:visible="true" attr:toolkit="gtk"'
        ' cp:screencoord="(1, 2)" cp:size="(30, 40)" image="true" selection="true"'
        ' val:value="1.0" val:min="0.0" val:max="9.5" val:step="0.1"'
        ' act:do-it_desc="does it" act:do-it_kb="&lt;Alt&gt;d" act:_desc="" act:_kb="">1</spin-button>'
        "</application></desktop-frame>"
    )
    # As lxml, which OSWorld's server uses, would write the same.
    assert etree.tostring(etree.fromstring(xml), encoding="unicode") == xml


def test_empty_desktop_is_an_element() -> None:
    assert len(etree.fromstring(to_xml([]))) == 0


@given(*[st.text(st.characters(exclude_categories=["Cs"]))] * 4)
def test_every_string_makes_wellformed_xml(role: str, name: str, attribute: str, text: str) -> None:
    element = Element(role, name=name, attributes={attribute: name}, actions=[(name, text, role)], text=text)
    xml = to_xml([element])
    read = etree.fromstring(xml)[0]
    assert ET.fromstring(xml)[0].get("name") == read.get("name")
    allowed = [character for character in name if character in "\t\n\r" or "\x20" <= character not in "\ufffe\uffff"]
    assert read.get("name") == "".join(allowed)


def _drawn(role: str, y: int, *children: Element, height: int = 100, toolkit: str = "") -> Element:
    attributes = {"toolkit": toolkit} if toolkit else {}
    return Element(role, attributes=attributes, extents=(0, y, 200, height), children=[*children])


def test_what_is_drawn_below_a_menu_bar_that_it_forgets_is_put_below_it() -> None:
    entry = _drawn("text", 60, _drawn("paragraph", 61, height=10), height=20, toolkit="gtk")
    cell = _drawn("table cell", 50, height=20)
    nothing = Element("scroll bar", children=[])
    pane = _drawn("root pane", 19, cell, entry, nothing, _drawn("menu bar", 19, _drawn("menu", 19, height=9), height=0))
    window = Element(
        "application",
        children=[_drawn("frame", 0, _drawn("panel", 44, pane, toolkit="gtk"), height=144, toolkit="gtk")],
    )
    (frame,) = placed(window).children
    (panel,) = frame.children
    assert panel.children == [
        pane._replace(
            extents=(0, 44, 200, 100),
            children=[cell._replace(extents=(0, 75, 200, 20)), entry, nothing, pane.children[3]],
        )
    ]
    assert frame.extents == (0, 0, 200, 144)


@pytest.mark.parametrize("panel", [_drawn("panel", 19), _drawn("panel", 44, height=99), Element("panel")])
def test_what_is_where_it_says_or_fills_no_panel_stays_there(panel: Element) -> None:
    window = Element("application", children=[panel._replace(children=[_drawn("root pane", 19, _drawn("text", 30))])])
    assert placed(window) == window
