"""Everything on one machine, embedded."""
