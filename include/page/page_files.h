/* The pages that anybody may open, made to be kept as files (issue_export.h): they say of which day
 * they are, and lead only to what is a file too. */
#pragma once
#include "issue_export.h"
#include "page.h"

/* The application needs no seal and no net, and page_options.kept_forms: the ISSUE_EXPORT_ forms
 * that become files. It is borrowed; one thread at a time. */
struct issue_export_pages page_files(struct page_app *app);
