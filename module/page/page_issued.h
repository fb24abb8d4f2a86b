/* The public addresses of what is issued, and who asks for which form of it. */
#pragma once
#include "page_internal.h"

enum page_issued_form { PAGE_ISSUED_HTML, PAGE_ISSUED_JSON, PAGE_ISSUED_TOKEN };
/* By the address's ending (.json, .jwt), else by the Accept header; HTML wins a tie. */
enum page_issued_form page_issued_form(const struct page *p);

/* Answers with the text, for anybody's scripts too (CORS); 304 when the asker has it already.
 * `type` is static storage. */
NODISCARD bool page_issued_answer(struct page *p, const char *type, struct sv body,
                                  enum web_cache cache, struct err *err);

page_handler page_award_shared;
page_handler page_badge_shared;
page_handler page_badge_picture;
page_handler page_issuer_shared;
page_handler page_issuer_did;
page_handler page_key_shared;
page_handler page_key_set;
page_handler page_status_list;
page_handler page_revocations;
