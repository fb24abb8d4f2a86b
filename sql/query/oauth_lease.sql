-- institution int8, deployment int8, seconds int8, seen int8 -> lease int8
UPDATE source_oauth SET renewing_until = now() + $3 * interval '1 second'
WHERE institution_id = $1 AND deployment_id = $2 AND refresh_sealed IS NOT NULL AND refused = ''
  AND coalesce(renewing_until < now(), true)
  -- Whoever saw an older token looks again: it was renewed meanwhile.
  AND coalesce(usec(access_until), 0) = $4
RETURNING usec(renewing_until)
