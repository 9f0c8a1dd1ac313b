"""Implements SignalPlus's streams: methods as over HTTP, subscriptions to changes of a subaccount, notifications."""
