-- -> nothing text
SELECT reconcile_schedule()
