-- The statement inside is planned once a connection and finds awards by their index: planning it for each batch, or reading
-- a small table whole, costs more than all the rest.
ALTER FUNCTION award_marks(uuid[]) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION award_marks(uuid[]) SET enable_seqscan = off;
