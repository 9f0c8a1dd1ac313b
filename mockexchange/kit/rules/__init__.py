"""Rules for the servers of any venue, checked with its API document and facts about its lists."""
