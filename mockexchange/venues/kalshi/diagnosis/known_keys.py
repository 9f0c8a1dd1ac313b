"""The type of a sandbox's key in this venue's diagnosis; its `key` is the PEM of a public key."""

from mockexchange.venues.diagnosis import credentials

KnownKey = credentials.KnownKey[str]
