"""The pre-defined service types: their stages."""
