"""Reports of verifications, in formats for people and for machines."""
