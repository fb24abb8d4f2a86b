-- registration int8, notice text, keep_until timestamptz, deployment text, context text, title text, label text, origins text[] -> verdict text
SELECT notice_copied($1, $2, $3, $4, $5, $6, $7, $8)
