"""sharedchain: one event log from lead to cash, from sensor to work order."""
