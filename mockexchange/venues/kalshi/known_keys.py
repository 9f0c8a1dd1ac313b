"""The type of a sandbox's key in the diagnosis of Kalshi's signatures: its `key` is the PEM of a public key."""

from mockexchange.venues.diagnosis import credentials

KnownKey = credentials.KnownKey[str]
