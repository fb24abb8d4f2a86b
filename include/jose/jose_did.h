/* The two DID methods that issuers of badges use: did:key (keys inside the name) and did:web (a
 * document at the URL that the name means). Names only; documents are read by `credential`. */
#pragma once
#include "base_str.h"

#define JOSE_DID_MAX 1024

/* "did:key:z6Mk...", also with "#z6Mk..." behind it (did:key 3.1): the Multikey text, borrowed.
 * With a fragment, both must be the same. False for anything else; the key is not read. */
NODISCARD bool jose_did_key_text(struct sv did_url, struct sv *multikey);

/* The URL of a did:web document (did:web 2.5.2): "did:web:host", "did:web:host%3A8443",
 * "did:web:host:path:parts", without fragment, query or path of a DID URL. Host names are letters,
 * digits, '-' and '.'; path parts are never empty, "." or "..". https; http for 127.0.0.1 and
 * localhost, which net refuses unless they are listed. In `a`. Fails: ERR_INPUT "did". */
NODISCARD bool jose_did_web_url(struct arena *a, struct sv did, struct sv *url, struct err *err);

/* The DID before '#', '?' or '/' of a DID URL (DID Core 3.2); empty when it is no DID. */
struct sv jose_did_of(struct sv did_url);
