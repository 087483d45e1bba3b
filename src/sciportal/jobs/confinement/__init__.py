"""A job's program sees its own directory only, without anybody being root for that."""
