SELECT version, sha256 FROM laurel_migration ORDER BY version
