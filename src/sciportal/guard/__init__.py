"""Nobody gets another account's traffic: which account may answer from a port of a node."""
