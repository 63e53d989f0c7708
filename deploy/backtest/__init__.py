"""What rules would have said: the spine folded again, with other rules, by the core that runs live."""
