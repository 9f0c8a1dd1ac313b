"""The type of a sandbox's key in Kalshi's diagnosis: its `key` is the PEM of a public key."""

from mockexchange.venues.diagnosis import credentials

KnownKey = credentials.KnownKey[str]
