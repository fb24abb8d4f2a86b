/* Wallets: the protocol's addresses (page_wallet.c) and the learner's page (page_wallet_offer.c).
 */
#pragma once
#include "page_internal.h"

/* OpenID4VCI 1.0: offers (4.1.3), metadata (12.2, RFC 8414), token (6), nonce (7), credential (8)
 * and deferred credential endpoint (9). Answers are JSON, also refusals, and any page may read
 * them. */
page_handler page_wallet_offer;
page_handler page_wallet_issuer;
page_handler page_wallet_server;
page_handler page_wallet_token;
page_handler page_wallet_nonce;
page_handler page_wallet_credential;
page_handler page_wallet_deferred;

/* The learner's offer of one badge: made, shown, and what has become of it. */
page_handler page_wallet;
page_handler page_wallet_make;
struct store_award;
/* Adds `wallet`: the form that makes an offer; null without an award that counts. For
 * wallet_form.html. demands: of page_demands_words. */
void page_wallet_add_form(const struct page *p, json_t *model, struct sv badge_id,
                          const struct store_award *award, struct sv demands);
