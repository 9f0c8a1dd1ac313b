"""What each venue says on the wire, as pure functions of bytes and values. Every venue has the same file names."""
