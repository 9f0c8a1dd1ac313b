"""Who listens: what a client is subscribed to, and the messages that it may see as frames."""

from mockexchange.core.model.accounts import Key
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.deribit.context import DeribitContext
from mockexchange.venues.deribit.stream.liveness import Liveness
from mockexchange.venues.deribit.stream.messages import Message
from mockexchange.venues.deribit.stream.subscriptions import Subscription, Subscriptions
from mockexchange.venues.frame import Frame


class Subscriber:
    """`key` is None as long as nobody has logged in. `ending`: close code and reason, once the stream is to end."""

    def __init__(self, context: DeribitContext, api_date: ApiDate, host_at: int) -> None:
        self.context, self.api_date = context, api_date
        self.key: Key | None = None
        self.registry = Subscriptions()
        self.liveness = Liveness(context.settings.stream_idle_us, host_at)
        self.ending: tuple[int, str] | None = None
        self.cancelling: set[str] = set()
        """The scopes that cancelling on disconnect is enabled for, by this client."""

    @property
    def channels(self) -> dict[str, Subscription]:
        return self.registry.by_name

    @property
    def subscriptions(self) -> dict[int, Subscription]:
        return self.registry.by_sid

    @property
    def wakes_at(self) -> int | None:
        return None if self.ending else self.liveness.due_at

    def follows(self, channel: str) -> bool:
        return any(subscription.channel == channel for subscription in self.channels.values())

    def frame_of(self, message: Message) -> Frame | None:
        """The message as this client gets it; None where it is not subscribed, or it is somebody else's."""
        subscription = self.registry.by_name.get(message.channel)
        if subscription is None or subscription.purse != message.told.purse:
            return None
        return Frame(message.frame(self.api_date), "subscription", subscription.channel, subscription.sid)
