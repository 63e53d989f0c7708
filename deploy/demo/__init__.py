"""A story played on the real chain: what happens, who is told, expected against found."""
