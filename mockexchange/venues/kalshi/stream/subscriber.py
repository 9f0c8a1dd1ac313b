"""The receiver of a stream's messages: its key, API date and subscriptions decide which messages become frames."""

from mockexchange.core.model.accounts import Key
from mockexchange.core.vocabulary import SubaccountRef
from mockexchange.venues.dated import ApiDate
from mockexchange.venues.frame import Frame
from mockexchange.venues.kalshi.context import KalshiContext
from mockexchange.venues.kalshi.stream.messages import Message
from mockexchange.venues.kalshi.stream.replies import SENDING_TIME, keys_of, with_sending_time
from mockexchange.venues.kalshi.stream.subscriptions import Subscription, Subscriptions


class Subscriber:
    """The receiver of a stream's messages; without a key it is anonymous and gets only public messages."""

    def __init__(self, context: KalshiContext, key: Key | None, api_date: ApiDate) -> None:
        self.context, self.key, self.api_date = context, key, api_date
        self.answer_keys = keys_of(api_date, context.settings.stream_answer_numbers)
        self.has_sending_time = SENDING_TIME in self.answer_keys and context.settings.stream_sending_time == "dated"
        self.registry = Subscriptions()
        self.channels = self.registry.by_channel
        self.subscriptions = self.registry.by_sid
        self._day = api_date.day or ""
        """The day as text; in compat empty, which sorts before every day: compat gets the messages of all days."""
        self._account = key.account if key else None
        self._subaccount = key.subaccount if key else None

    @property
    def wants_empty_sides(self) -> bool:
        """Whether a whole order book is sent with a side that has no bids; one published client needs both sides."""
        wanted = self.context.settings.stream_empty_side
        return wanted == "empty" or (wanted == "dated" and self.api_date.is_compat)

    def frame_of(self, message: Message) -> Frame | None:
        """Return a message as a frame; None if no subscription matches it, or the key may not see it.

        This method runs for every subscriber of every message: parts that subscribers share are made once and cached in
        the message.
        """
        subscription = self.channels.get(message.channel)
        if subscription is None or self._day >= message.until:
            return None
        markets = subscription.markets
        if markets is not None and (market := message.market) is not None and market.ticker not in markets:
            return None
        subaccount_ref = message.subaccount_ref
        if subaccount_ref is not None and not self._is_of_key(subaccount_ref):
            return None
        return self._shared_frame(message, subscription)

    def _shared_frame(self, message: Message, subscription: Subscription) -> Frame:
        """Return the message as the next frame of a subscription, made once for all readers that get the same one."""
        owner = message.owner
        is_own = owner is not None and self._is_of_key(owner)
        sequence = 0
        if subscription.is_sequenced:
            sequence = subscription.sequence = subscription.sequence + 1
        known = (self._day, subscription.sid, sequence, is_own, subscription.in_yes_price)
        frame: Frame | None = message.frames.get(known)
        if frame is None:
            body = message.body(self.api_date, is_own, subscription.in_yes_price)
            frame = _frame(message, subscription, b"", body)
            frame = message.frames[known] = self.stamped(frame, message.at)
        return frame

    def stamped(self, frame: Frame, at: int) -> Frame:
        """Return a frame with `at` (exchange time) as its sending time; unchanged if the API date has no such key."""
        return with_sending_time(frame, at) if self.has_sending_time else frame

    def answer_of(self, message: Message, subscription: Subscription, command_id: int = 0) -> Frame:
        """Return data that a command requested, as the next frame of its subscription, without a sending time.

        An order book that get_snapshot requested has the command's id.
        """
        if subscription.is_sequenced:
            subscription.next_seq()
        body = message.body(self.api_date, in_yes_price=subscription.in_yes_price)
        return _frame(message, subscription, b'"id":%d,' % command_id if command_id else b"", body)

    def _is_of_key(self, subaccount_ref: SubaccountRef) -> bool:
        """Return whether the key may see a subaccount: a restricted key sees its own subaccount alone."""
        return subaccount_ref[0] == self._account and (
            self._subaccount is None or subaccount_ref[1] == self._subaccount
        )


def _frame(message: Message, subscription: Subscription, command_id: bytes, body: bytes) -> Frame:
    """Return a frame with the keys in recorded order: type, id or sid, seq, msg."""
    kind, sid = message.kind, subscription.sid
    seq = b'"seq":%d,' % subscription.sequence if subscription.is_sequenced else b""
    raw = b'{"type":"%b",%b"sid":%d,%b"msg":%b}\n' % (kind.encode(), command_id, sid, seq, body)
    return Frame(raw, kind, message.channel, sid)
