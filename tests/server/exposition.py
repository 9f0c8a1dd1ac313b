"""The text exposition format of Prometheus, version 0.0.4, read as strictly as its page describes it."""

import re
from dataclasses import dataclass, field
from math import inf

NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (\S+)")
HELP = re.compile(rf"# HELP ({NAME}) (.+)")
TYPE = re.compile(rf"# TYPE ({NAME}) (counter|gauge|histogram|summary|untyped)")
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count")}
UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
Labels = tuple[tuple[str, str], ...]


@dataclass
class Family:
    kind: str
    help: str
    samples: dict[tuple[str, Labels], float] = field(default_factory=dict)

    def value(self, suffix: str = "", **labels: str) -> float:
        [found] = [
            value
            for (ending, given), value in self.samples.items()
            if ending == suffix and labels.items() <= dict(given).items()
        ]
        return found


def parse(text: str) -> dict[str, Family]:
    """The families by name. AssertionError where a line, or the order of lines, is not of the format."""
    assert text.endswith("\n"), "the last line has to end"
    families: dict[str, Family] = {}
    name, words = "", ""
    for line in text.split("\n")[:-1]:
        if line.startswith("# HELP"):
            match = HELP.fullmatch(line)
            assert match, line
            name, words = match[1], match[2]
            assert name not in families, f"{name} is there twice"
        elif line.startswith("# TYPE"):
            match = TYPE.fullmatch(line)
            assert match, line
            assert match[1] == name, "the type follows its help"
            families[name] = Family(match[2], words)
        else:
            _take(families, name, line)
    for family in families.values():
        if family.kind == "histogram":
            _check_histogram(family)
    return families


def _take(families: dict[str, Family], name: str, line: str) -> None:
    match = SAMPLE.fullmatch(line)
    assert match, line
    family, suffix = families[name], match[1].removeprefix(name)
    assert suffix in SUFFIXES.get(family.kind, ("",)), f"{line}: not of the family {name}"
    labels = tuple(
        (label, re.sub(r"\\.", lambda one: UNESCAPED[one[0]], value))
        for label, value in re.findall(LABEL, match[2] or "")
    )
    assert len(dict(labels)) == len(labels), line
    key = suffix, tuple(sorted(labels))
    assert key not in family.samples, f"{line}: there twice"
    family.samples[key] = inf if match[5] == "+Inf" else float(match[5])


def _check_histogram(family: Family) -> None:
    """Buckets are cumulative, end with infinity, and agree with the count."""
    groups: dict[Labels, list[tuple[float, float]]] = {}
    for (suffix, labels), value in family.samples.items():
        if suffix == "_bucket":
            rest = tuple(pair for pair in labels if pair[0] != "le")
            groups.setdefault(rest, []).append((float(dict(labels)["le"].replace("+Inf", "inf")), value))
    for labels, buckets in groups.items():
        bounds, counts = zip(*buckets, strict=True)
        assert list(bounds) == sorted(set(bounds))
        assert bounds[-1] == inf
        assert list(counts) == sorted(counts)
        assert counts[-1] == family.samples["_count", labels]
        assert ("_sum", labels) in family.samples
