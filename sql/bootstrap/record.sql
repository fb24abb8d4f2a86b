INSERT INTO laurel_migration (version, name, sha256) VALUES ($1::int, $2, $3)
