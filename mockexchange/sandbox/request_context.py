"""The type of a request together with its venue and the API key that it claims."""

from msgspec import Struct

from mockexchange.venues.registry import venue_at
from mockexchange.venues.request import Request
from mockexchange.venues.venue import Venue


class RequestContext(Struct, frozen=True):
    """A request with its venue and the API key that it claims, which are determined once, when the request arrives."""

    request: Request
    venue: Venue
    """The venue of the path."""
    key_id: str | None
    """The id of the claimed key; it is not authenticated yet, and may be unknown."""

    @classmethod
    def of(cls, request: "Request | RequestContext") -> "RequestContext":
        """Return the context of a request; if the argument is a context already, it is returned unchanged."""
        if isinstance(request, RequestContext):
            return request
        venue = venue_at(request.path)
        return cls(request, venue, venue.auth.claimed_key(request))
