"""The keys of a sandbox in a diagnosis; `key` is the PEM of a public key."""

from mockexchange.venues.diagnosis import credentials

KnownKey = credentials.KnownKey[str]
