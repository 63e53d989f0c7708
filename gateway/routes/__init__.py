"""One file an endpoint family; each route names its guard."""
