"""Lists which operations, statuses, parameters, channels and messages of the API documents a client used."""

from collections import Counter

from mockexchange.kit.client.api_documents import ApiDocuments
from mockexchange.kit.client.traffic import Traffic
from mockexchange.kit.reports.tables import Table

NONE = "-"


def coverage(traffic: Traffic, documents: ApiDocuments) -> list[Table]:
    """Return a table of the operations and a table of the channels that a client used.

    The last row counts unused ones.
    """
    return [_operations(traffic, documents), _channels(traffic, documents)]


def _operations(traffic: Traffic, documents: ApiDocuments) -> Table:
    calls: Counter[str] = Counter()
    statuses: dict[str, set[str]] = {}
    parameters: dict[str, set[str]] = {}
    for call in traffic.requests:
        operation = documents.operation_of(call.method, call.path)
        if operation:
            title = f"{operation.method.upper()} {operation.path}"
            calls[title] += 1
            statuses.setdefault(title, set()).add(str(call.status))
            parameters.setdefault(title, set()).update(call.parameters)
    used = [
        (title, str(count), " ".join(sorted(statuses[title])), " ".join(sorted(parameters[title])) or NONE)
        for title, count in calls.most_common()
    ]
    every = documents.operation_titles
    unused = f"{len(every) - len(used)} more, not called"
    return Table(
        f"{len(used)} of {len(every)} operations of {documents.subject}",
        ("operation", "calls", "statuses", "parameters"),
        [*used, (unused, NONE, NONE, NONE)] if len(used) < len(every) else used,
    )


def _channels(traffic: Traffic, documents: ApiDocuments) -> Table:
    subscribed = Counter(frame.channel for frame in traffic.acknowledged)
    sent = [frame for frame in traffic.frames if frame.direction == "out" and frame.channel]
    delivered = Counter(frame.channel for frame in sent if frame.kind not in ("subscribed", "unsubscribed"))
    every = documents.channels
    rows = [(channel, str(count), str(delivered[channel])) for channel, count in subscribed.most_common()]
    if len(rows) < len(every):
        rows.append((f"{len(every) - len(rows)} more, not subscribed to", NONE, NONE))
    return Table(
        f"{len(subscribed)} of {len(every)} channels of {documents.subject}",
        ("channel", "subscriptions", "messages"),
        rows,
    )
