"""Rules that hold for any venue: what they judge by is the contract document and the venue's facts about its lists."""
