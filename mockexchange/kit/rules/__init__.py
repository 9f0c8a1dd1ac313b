"""Defines rules for the servers of any venue. They need its API document and facts about its lists."""
