-- -> courses int8, earned_not_awarded int8, awarded_not_earned int8, unreachable int8, oldest int8
SELECT courses, earned_not_awarded, awarded_not_earned, unreachable, usec(oldest) FROM reconciliation_totals()
