/* The members an Open Badges 3.0 credential must have, and their shapes (Open Badges 3.0, B.1; the
 * strict JSON Schema of 1EdTech says the same). Sets of one may be bare values, as compacted
 * JSON-LD writes them. Pure. */
#pragma once
#include "base_json.h"

/* An AchievementCredential (OpenBadgeCredential) or EndorsementCredential of VCDM 2.0. Fails:
 * ERR_INPUT "structure" with a path, "credentialSubject.achievement.name is missing". */
NODISCARD bool credential_structure_check(const json_t *credential, struct err *err);

/* Does `type` (a text or an array) hold this one? */
bool credential_has_type(const json_t *object, const char *type);
