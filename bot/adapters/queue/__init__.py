"""Work that several processes share, by PgQueuer: jobs are rows of the database that the ledger is in."""
