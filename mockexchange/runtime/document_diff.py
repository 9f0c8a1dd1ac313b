"""Reads API documents of strangers within bounds, and compares two OpenAPI or AsyncAPI documents by operation.

Documents of several authors describe one API in different words, so only what both state is compared: types, words of
enumerations, bounds and whether something is required. Constraints such as patterns, and descriptions, are not.
"""

import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Literal, NamedTuple

from mockexchange.named_files import MIB, WrongFile, read_file
from mockexchange.runtime.api_documents import ASYNCAPI, OPENAPI, parse, path_of
from mockexchange.scenario.errors import ScenarioError, TooLarge
from mockexchange.scenario.located_text import Located, read_yaml

BYTES_MAX = 8 * MIB
"""The largest document in bytes, ten times the venues' own; a longer one would take tens of seconds to parse."""
VISITS_MAX = 250_000
"""The most schemas, fields and words that are read of one document, with its references followed: ten times what the
documents here have, and three seconds of work."""
DEPTH_MAX = 60
"""The deepest nesting of fields, with references followed."""
METHODS = ("get", "post", "put", "patch", "delete")
VERSION = re.compile(r"3(\.[0-9]{1,3}){1,2}")
"""The versions of both kinds of documents that are read; those before have other keys."""
TEXT_CHARS_MAX = 200
OPERATION, CHANNEL, MESSAGE = "operation", "channel", "message"
PARAMETER, BODY_FIELD, FIELD, VALUE, ERROR = "parameter", "body field", "field", "value", "error"
VARIABLE = re.compile(r"\{[^{}/]*\}")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
CONSTANTS = {"true": True, "false": False}

Kind = Literal["added", "removed", "changed"]


class WrongDocument(ValueError):
    """Raised for a file that is no API document which can be compared. The message is one line and begins with it."""


class Each(Enum):
    """A step of a path that leads to every item of a list, or to every value of an object with any keys."""

    ITEM = "[]"
    VALUE = ".*"


Step = str | Each
Steps = tuple[Step, ...]


class Fact(NamedTuple):
    """What a document says about a field, a parameter or an error; what it does not say is empty."""

    type: str = ""
    words: tuple[str, ...] = ()
    is_required: bool = False
    """Not compared of fields of answers, since a document may call optional what is always sent."""
    least: str = ""
    most: str = ""
    schemas: tuple[Any, ...] = ()
    """The nodes of the document that describe it."""
    named: str = ""
    """The name of the component that describes it, such as a list of words; empty without one."""


@dataclass(slots=True)
class Operation:
    """An operation, a message or a channel with its parts, each by the kind of part and its path."""

    title: str
    name: str
    part: str
    parts: dict[tuple[str, Steps], Fact] = field(default_factory=dict)
    holders: dict[tuple[str, Steps], str] = field(default_factory=dict)
    """The objects and lists whose fields or items are described, with the names of the components that do so."""
    examples: list[Any] = field(default_factory=list)
    """Whole bodies of answers."""


class Change(NamedTuple):
    """The difference of one part of an operation between two documents.

    `facts` are pairs of what the documents say, by aspect; the aspect "" is the type.
    """

    kind: Kind
    operation: str
    part: str
    name: str
    facts: Mapping[str, tuple[str | None, str | None]]
    steps: Steps = ()
    old: Fact = Fact()
    new: Fact = Fact()
    holder: str = ""
    """The component of the older document that has the field; empty if none has it."""
    operation_name: str = ""
    """The operation's id in the older document, or in the newer one if it is new."""


@dataclass(slots=True)
class Description:
    """What a document says, by operation. The keys of operations are the same for other names of path variables."""

    name: str
    version: str
    operations: dict[str, Operation]
    reader: "Reader"

    def __str__(self) -> str:
        return f"{self.name} ({self.version})" if self.version else self.name


# --- reading


def read_document(path: Path) -> Any:
    """Return the parsed YAML or JSON of a file. Raises WrongDocument."""
    try:
        located = read_yaml(read_file(path, BYTES_MAX).decode("utf-8-sig"), "")
    except WrongFile as error:
        raise WrongDocument(str(error)) from None
    except OSError as error:
        raise WrongDocument(f"{path}: {error.strerror or error}") from None
    except TooLarge as error:
        raise WrongDocument(f"{path}: {error.message.partition(': send')[0]}") from None
    except ScenarioError as error:
        raise WrongDocument(f"{path}, line {error.line}: {error.message.replace('a scenario', 'a document')}") from None
    except ValueError as error:
        raise WrongDocument(f"{path} is no text: {error}") from None
    return _plain(located, {})


def describe_own(venue: str, alias: str, kind: str = OPENAPI) -> Description:
    """Return what this package's document of a venue and an alias, such as "2026-10", says."""
    return describe(parse(path_of(f"{venue}/{alias}", kind)), f"{venue} {alias}", kind)


def describe(document: Any, name: str, kind: str = OPENAPI, prefix: str = "") -> Description:
    """Return what a parsed document says; `prefix` is left out of paths. Raises WrongDocument, with `name` first."""
    version = document.get(kind) if isinstance(document, dict) else None
    title = {OPENAPI: "OpenAPI", ASYNCAPI: "AsyncAPI"}[kind]
    if not VERSION.fullmatch(_text(version)):
        got = "" if version is None else f", got {_text(version)[:20]!r}"
        raise WrongDocument(f"{name} is no {title} document: expected `{kind}: 3.x` at its beginning{got}")
    reader = Reader(document, name)
    operations = _messages_of(reader) if kind == ASYNCAPI else dict(_operations_of(reader, prefix))
    if not operations:
        raise WrongDocument(f"{name} describes nothing: expected {'paths' if kind == OPENAPI else 'channels'}")
    info = reader.mapping(document.get("info"), "info")
    return Description(name, _text(info.get("version")), operations, reader)


def _plain(node: Located, known: dict[int, Any]) -> Any:
    """Return a parsed value as plain JSON; what an alias repeats is the same object, so that it takes no memory."""
    value = node.value
    if isinstance(value, dict | list):
        if id(node) not in known:
            known[id(node)] = (
                {name: _plain(item, known) for name, item in value.items()}
                if isinstance(value, dict)
                else [_plain(item, known) for item in value]
            )
        return known[id(node)]
    if value is None or node.is_quoted:
        return value
    number = NUMBER.fullmatch(value)
    return json.loads(value) if number else CONSTANTS.get(value, value)


@dataclass(slots=True)
class Shape:
    """A schema with its references and alternatives taken together."""

    types: set[str] = field(default_factory=set)
    words: list[str] | None = None
    """The values that an enumeration lists; None if there is no enumeration."""
    properties: dict[str, list[Any]] = field(default_factory=dict)
    items: list[Any] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    required: set[str] = field(default_factory=set)
    bounds: dict[str, Any] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    named: str = ""
    format: str = ""

    @property
    def type_text(self) -> str:
        found = self.types - {"null"}
        found |= {"object"} if self.properties else set()
        return " or ".join(sorted(found | ({"array"} if self.items else set())))

    def fact(self, schemas: Iterable[Any], *, is_required: bool = False) -> Fact:
        least, most = (_text(self.bounds.get(name)) for name in ("minimum", "maximum"))
        words = tuple(dict.fromkeys(self.words or ()))
        return Fact(self.type_text, words, is_required, least, most, tuple(schemas), self.named)


class Reader:
    """Follows the references of a document, and gives up beyond a number of visits. All errors are WrongDocument."""

    def __init__(self, document: Any, name: str) -> None:
        self.document, self.name = document, name
        self._left = VISITS_MAX

    def wrong(self, message: str) -> WrongDocument:
        return WrongDocument(f"{self.name}: {''.join(one if one.isprintable() else '?' for one in message[:300])}")

    def spend(self, visits: int) -> None:
        self._left -= visits
        if self._left < 0:
            raise self.wrong(f"too large: it has more than {VISITS_MAX:,} fields with its references followed")

    def mapping(self, node: Any, place: str) -> dict[str, Any]:
        """Return a mapping, at the end of its references; an empty one for nothing."""
        seen: set[str] = set()
        while isinstance(node, dict) and "$ref" in node:
            reference = node["$ref"]
            node = self.target(reference, place)
            if reference in seen:
                raise self.wrong(f"{place}: the reference {reference[:80]!r} leads to itself")
            seen.add(reference)
            self.spend(1)
        if node is None:
            return {}
        if not isinstance(node, dict):
            raise self.wrong(f"{place}: expected a mapping, got {_kind(node)}")
        return node

    def list_of(self, node: Any, place: str) -> list[Any]:
        if node is not None and not isinstance(node, list):
            raise self.wrong(f"{place}: expected a list, got {_kind(node)}")
        self.spend(len(node or ()))
        return node or []

    def target(self, reference: Any, place: str) -> Any:
        if not isinstance(reference, str) or not reference.startswith("#/"):
            raise self.wrong(f"{place}: the reference {_text(reference)[:80]!r} leads out of the document: bundle it")
        node = self.document
        for part in reference.removeprefix("#/").split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and key.isascii() and key.isdigit() and len(key) < 9 and int(key) < len(node):
                node = node[int(key)]
            else:
                raise self.wrong(f"{place}: the reference {reference[:80]!r} leads nowhere")
        return node

    def shape_of(self, schemas: Iterable[Any], place: str) -> Shape:
        shape = Shape()
        for schema in schemas:
            self._gather(schema, shape, place, frozenset())
        return shape

    def _gather(self, schema: Any, shape: Shape, place: str, opened: frozenset[str]) -> None:
        """Add what a schema says to a shape. `opened` are the references that led here."""
        if schema is None or isinstance(schema, bool):
            return
        self.spend(1)
        if len(opened) > DEPTH_MAX:
            raise self.wrong(f"{place}: more than {DEPTH_MAX} references lead from one to the next")
        if not isinstance(schema, dict):
            raise self.wrong(f"{place}: expected a schema, got {_kind(schema)}")
        if "$ref" in schema:
            reference = schema["$ref"]
            target = self.target(reference, place)
            if reference in opened:
                raise self.wrong(f"{place}: the reference {reference[:80]!r} leads to itself")
            shape.references.add(reference)
            shape.named = reference.rpartition("/")[2]
            self._gather(target, shape, place, opened | {reference})
        kinds = schema.get("type")
        shape.types |= {_text(one) for one in (kinds if isinstance(kinds, list) else [kinds])} - {""}
        shape.format = shape.format or _text(schema.get("format"))
        words = [schema["const"]] if "const" in schema else schema.get("enum")
        if words is not None:
            found = [_text(one) for one in self.list_of(words, place) if one is not None]
            shape.words = found if shape.words is None else [one for one in shape.words if one in set(found)]
        for name, node in self.mapping(schema.get("properties"), place).items():
            self.spend(1)
            shape.properties.setdefault(name, []).append(node)
        if isinstance(schema.get("items"), dict):
            shape.items.append(schema["items"])
        if isinstance(schema.get("additionalProperties"), dict):
            shape.values.append(schema["additionalProperties"])
        shape.required |= {one for one in self.list_of(schema.get("required"), place) if isinstance(one, str)}
        shape.bounds |= {name: schema[name] for name in ("minimum", "maximum") if _kind(schema.get(name)) == "a value"}
        for one in self.list_of(schema.get("allOf"), place):
            self._gather(one, shape, place, opened)
        for name in ("oneOf", "anyOf"):
            self._gather_alternatives(self.list_of(schema.get(name), place), shape, place, opened)

    def _gather_alternatives(self, alternatives: list[Any], shape: Shape, place: str, opened: frozenset[str]) -> None:
        """Add alternatives, one of which a value fits. They have words if each but null has words."""
        found = []
        for one in alternatives:
            part = Shape()
            self._gather(one, part, place, opened)
            if part.types != {"null"}:
                found.append(part)
        for part in found:
            shape.types |= part.types
            shape.references |= part.references
            for name, nodes in part.properties.items():
                shape.properties.setdefault(name, []).extend(nodes)
                self.spend(1)
            shape.items += part.items
            shape.values += part.values
        if found and shape.words is None and all(part.words is not None for part in found):
            shape.words = [word for part in found for word in part.words or ()]
        if len(found) == 1:
            shape.named = shape.named or found[0].named
            shape.format = shape.format or found[0].format
            shape.bounds |= found[0].bounds

    def add_fields(self, operation: Operation, part: str, schema: Any) -> None:
        """Add the fields of a body to an operation."""
        shape = self.shape_of([schema], operation.title)
        self._walk(operation, part, shape, (), frozenset())

    def _walk(self, operation: Operation, part: str, shape: Shape, steps: Steps, above: frozenset[str]) -> None:
        """Add what is inside a shape. `above` are the references on the way: a schema inside itself is left out."""
        if len(steps) > DEPTH_MAX:
            raise self.wrong(f"{operation.title}: fields are nested deeper than {DEPTH_MAX}")
        if shape.references & above:
            return
        above |= shape.references
        inside: list[tuple[Step, list[Any]]] = [*shape.properties.items()]
        inside += [(Each.ITEM, shape.items)] if shape.items else []
        inside += [(Each.VALUE, shape.values)] if shape.values else []
        if inside:
            operation.holders[part, steps] = shape.named
        for step, nodes in inside:
            path = (*steps, step)
            child = self.shape_of(nodes, f"{operation.title}, {text_of(path)[:80]}")
            known = operation.parts.get((part, path))
            fact = child.fact(nodes, is_required=step in shape.required)
            operation.parts[part, path] = fact if known is None else _joined(known, fact)
            self._walk(operation, part, child, path, above)


def _joined(one: Fact, other: Fact) -> Fact:
    """Return the fact of a field that several bodies have, such as two messages of one type."""
    types = {*one.type.split(" or "), *other.type.split(" or ")} - {""}
    words = tuple(dict.fromkeys(one.words + other.words)) if one.words and other.words else ()
    return one._replace(type=" or ".join(sorted(types)), words=words)


def _text(value: Any) -> str:
    """Return a scalar as text, cut; "" for others, whose text could be without bound: aliases repeat what they name."""
    return value[:TEXT_CHARS_MAX] if isinstance(value, str) else "" if _kind(value) != "a value" else json.dumps(value)


def _kind(value: Any) -> str:
    return {dict: "a mapping", list: "a list", str: "text", type(None): "nothing"}.get(type(value), "a value")


def text_of(steps: Steps) -> str:
    """Return a path as text, such as "market_positions[].position"."""
    return "".join(one.value if isinstance(one, Each) else f".{one}" for one in steps).removeprefix(".")


# --- OpenAPI


def _operations_of(reader: Reader, prefix: str) -> Iterator[tuple[str, Operation]]:
    document = reader.document
    components = reader.mapping(document.get("components"), "components")
    signed = {
        _text(scheme.get("name")).lower()
        for scheme in reader.mapping(components.get("securitySchemes"), "securitySchemes").values()
        if isinstance(scheme, dict)
    }
    for path, node_of_path in reader.mapping(document.get("paths"), "paths").items():
        item = reader.mapping(node_of_path, path[:80])
        for method in METHODS:
            if method not in item:
                continue
            title = f"{method.upper()} {path.removeprefix(prefix)}"
            node = reader.mapping(item[method], title[:80])
            operation = Operation(title, _text(node.get("operationId")), OPERATION)
            listed = [one for of in (item, node) for one in reader.list_of(of.get("parameters"), title[:80])]
            for parameter in listed:
                _add_parameter(reader, operation, reader.mapping(parameter, title[:80]), signed)
            body = reader.mapping(node.get("requestBody"), title[:80])
            reader.add_fields(operation, BODY_FIELD, _json_of(reader, body, title).get("schema"))
            for status, answer in reader.mapping(node.get("responses"), title[:80]).items():
                _add_answer(reader, operation, str(status), reader.mapping(answer, f"{title[:80]} {status}"))
            yield VARIABLE.sub("{}", title), operation


def _json_of(reader: Reader, node: dict[str, Any], title: str) -> dict[str, Any]:
    content = reader.mapping(node.get("content"), title[:80])
    return next((reader.mapping(one, title[:80]) for name, one in content.items() if "json" in name), {})


def _add_parameter(reader: Reader, operation: Operation, node: dict[str, Any], signed: Collection[str]) -> None:
    name, place = _text(node.get("name")), node.get("in")
    if place == "path" or (place == "header" and name.lower() in signed):
        return
    schema = node.get("schema") or _json_of(reader, node, operation.title).get("schema")
    shape = reader.shape_of([schema], f"{operation.title}, {name[:80]}")
    fact = shape.fact([schema], is_required=bool(node.get("required")))
    if shape.items:
        words = reader.shape_of(shape.items, operation.title).fact(()).words
        fact = fact._replace(words=fact.words or words)
    operation.parts[PARAMETER, (name,)] = fact


def _add_answer(reader: Reader, operation: Operation, status: str, node: dict[str, Any]) -> None:
    """Add the fields of a success, or an error with the codes that its body may have."""
    content = _json_of(reader, node, operation.title)
    if status.startswith(("1", "3")) or status == "default":
        return
    if status.startswith("2"):
        reader.add_fields(operation, FIELD, content.get("schema"))
        given = [one.get("value") for one in reader.mapping(content.get("examples"), operation.title).values() if one]
        operation.examples += [one for one in (content.get("example"), *given) if one is not None]
        return
    body = Operation(operation.title, "", OPERATION)
    reader.add_fields(body, FIELD, content.get("schema"))
    codes = [fact.words for (_, steps), fact in body.parts.items() if steps[-1] == "code"]
    words = tuple(dict.fromkeys(word for one in codes for word in one)) if all(codes) else ()
    operation.parts[ERROR, (status,)] = Fact(words=words)


# --- AsyncAPI


def _messages_of(reader: Reader) -> dict[str, Operation]:
    """Return the channels and the messages of a document; messages with one `type` are one, as clients tell them."""
    found: dict[str, Operation] = {}
    for key, node in reader.mapping(reader.document.get("channels"), "channels").items():
        channel = reader.mapping(node, key[:80])
        address = _text(channel.get("address"))
        listed = reader.mapping(channel.get("x-channels"), key[:80])
        # A channel at a path is the connection itself; others are what can be subscribed to on it.
        for name in listed or ([] if address.startswith("/") else [key]):
            found[f"{CHANNEL} {name}"] = Operation(f"{CHANNEL} {name}", name, CHANNEL)
        for given, one in reader.mapping(channel.get("messages"), key[:80]).items():
            message = reader.mapping(one, given[:80])
            body = Operation(f"{given} {MESSAGE}", given, MESSAGE)
            reader.add_fields(body, FIELD, message.get("payload"))
            types = (body.parts.get((FIELD, (key,)), Fact()).words for key in ("type", "cmd"))
            name = next((words[0] for words in types if len(words) == 1), given)
            known = found.setdefault(f"{MESSAGE} {name}", Operation(f"{name} {MESSAGE}", name, MESSAGE))
            for place, fact in body.parts.items():
                known.parts[place] = _joined(known.parts[place], fact) if place in known.parts else fact
            known.holders = body.holders | known.holders
    return found


# --- comparing


def changes_between(old: Description, new: Description, known: Collection[str] = ()) -> list[Change]:
    """Return the changes from one document to another, by operation in the order of the documents.

    `known` are operations, such as "GET /fills", that are known but not in the older document: they are not new.
    """
    found: list[Change] = []
    counts = Counter(
        (steps[0], (part, steps) in new.operations[key].parts)
        for key, before in old.operations.items()
        if key in new.operations
        for part, steps in before.parts
        if part == ERROR
    )
    listed = {status for status, _ in counts if counts[status, True] >= counts[status, False]}
    ours = {VARIABLE.sub("{}", one) for one in known}
    for key, before in old.operations.items():
        after = new.operations.get(key)
        if after is None:
            found.append(Change("removed", before.title, before.part, before.name, {}, operation_name=before.name))
        else:
            found += _changes_of(before, after, listed)
    found += [
        Change("added", one.title, one.part, one.name, {}, operation_name=one.name)
        for key, one in new.operations.items()
        if key not in old.operations and key not in ours
    ]
    return found


def _changes_of(before: Operation, after: Operation, listed: Collection[Step]) -> Iterator[Change]:
    """Yield the changes of an operation that both documents have.

    Of a new object the fields inside are not changes of their own. An error is removed only if its status is one of
    `listed`, those that the newer document has for most operations: many documents leave out what any may answer.
    """

    def change(kind: Kind, part: str, steps: Steps, old: Fact | None, new: Fact | None, facts: Any) -> Change:
        holder, place = before.holders.get((part, steps[:-1]), ""), text_of(steps)
        was, is_now = old or Fact(), new or Fact()
        return Change(kind, before.title, part, place, facts, steps, was, is_now, holder, before.name)

    for (part, steps), new in after.parts.items():
        old = before.parts.get((part, steps))
        if old is None:
            if _is_open(before, part, steps):
                yield change("added", part, steps, None, new, _aspects(part, None, new))
            continue
        if aspects := _aspects(part, old, new):
            yield change("changed", part, steps, old, new, aspects)
        if old.words and new.words:
            was, is_now, values = set(old.words), set(new.words), f"{part} {VALUE}"
            for word in (one for one in new.words if one not in was):
                yield change("added", part, steps, old, new, {"": (None, word)})._replace(part=values)
            for word in (one for one in old.words if one not in is_now):
                yield change("removed", part, steps, old, new, {"": (word, None)})._replace(part=values)
    for (part, steps), old in before.parts.items():
        is_listed = part != ERROR or steps[0] in listed
        if (part, steps) not in after.parts and is_listed and _is_open(after, part, steps):
            yield change("removed", part, steps, old, None, _aspects(part, old, None))


def _is_open(operation: Operation, part: str, steps: Steps) -> bool:
    """Return whether an operation describes what has the field; a body that is not described lacks nothing."""
    return part in (PARAMETER, ERROR) or (part, steps[:-1]) in operation.holders


def _aspects(part: str, old: Fact | None, new: Fact | None) -> dict[str, tuple[str | None, str | None]]:
    """Return what differs, of what both documents say; or all that one says of what the other does not have."""
    before, after = old or Fact(), new or Fact()
    pairs = {
        "": (before.type, after.type),
        "at least": (before.least, after.least),
        "at most": (before.most, after.most),
    }
    if old is None or new is None:
        pairs["one of"] = (" or ".join(before.words), " or ".join(after.words))
    if part in (PARAMETER, BODY_FIELD):
        was, is_now = ("" if one is None else "required" if one.is_required else "optional" for one in (old, new))
        pairs["is"] = was, is_now
    return {
        name: (one or None, other or None)
        for name, (one, other) in pairs.items()
        if one != other and (old is None or new is None or (one and other))
    }
