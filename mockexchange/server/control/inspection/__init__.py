"""Views of a sandbox for people and programs that look at it: order books, worth over time, firings and the log."""
