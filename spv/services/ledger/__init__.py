"""The ledger of panel serial numbers: uploads, searches and invalidations."""
