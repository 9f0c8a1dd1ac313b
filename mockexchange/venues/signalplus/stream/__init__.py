"""Streams: methods as over HTTP, subscriptions to what changes in a book, and its notifications."""
