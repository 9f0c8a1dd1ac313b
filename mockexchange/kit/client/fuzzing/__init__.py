"""Generated response bodies that test a client, and files of the bodies at which it fails."""
