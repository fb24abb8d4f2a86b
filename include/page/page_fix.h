/* What an administrator can do about launches that are refused. */
#pragma once
#include "base_str.h"

/* Sentences for a reason of store_problem.h; empty when none is known. Static text. */
const char *page_fix_for(struct sv reason);
