"""Rules that hold for any venue, judged by its API document and the facts about its lists."""
