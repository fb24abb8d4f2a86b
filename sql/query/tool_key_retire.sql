-- kid text, published_until timestamptz ->
UPDATE tool_key SET retired_at = coalesce(retired_at, now()), published_until = $2 WHERE kid <> $1
