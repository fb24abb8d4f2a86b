/* A course that was copied: what its teachers are told, and asked. */
#pragma once
#include "page_internal.h"

/* Adds `copy`: the question that waits for an answer, or null. */
NODISCARD bool page_add_copy(struct page *p, json_t *model, struct err *err);
