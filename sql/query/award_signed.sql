-- institution int8, awards int8[], signed_at timestamptz, problems text[] ->
UPDATE award a SET signed_at = CASE WHEN n.problem IS NULL THEN $3 ELSE a.signed_at END, sign_problem = n.problem
FROM unnest($2, $4) AS n (award_id, problem)
WHERE a.institution_id = $1 AND a.id = n.award_id
