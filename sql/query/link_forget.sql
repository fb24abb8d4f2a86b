-- institution int8, deployment int8, kind text, base_url text ->
DELETE FROM source_person p
WHERE institution_id = $1 AND deployment_id = $2
  AND NOT EXISTS (SELECT FROM grade_source g WHERE g.institution_id = $1 AND g.deployment_id = $2 AND g.kind = $3
                  AND g.base_url = $4)
