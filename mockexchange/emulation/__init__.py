"""Running any program against a sandbox: its environment, the network as it sees it, and what it tried to reach."""
