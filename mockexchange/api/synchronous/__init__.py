"""The API as plain calls: the generated twin of mockexchange.api.asynchronous."""
