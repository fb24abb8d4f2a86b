SELECT coalesce(max(version), 0) FROM laurel_migration
