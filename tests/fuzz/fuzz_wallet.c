/* What a wallet sends: its request, and the key proof in it. */
#include "credential_wallet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    struct err err = {0};
    struct err other = {0};
    struct credential_wallet_request request;
    struct credential_wallet_proof proof;
    struct sv body = sv_of((const char *)data, size);
    const usec_t now = INT64_C(1800000000) * USEC_PER_S;
    if (credential_wallet_request_parse(body, &a, &request, &err)) {
        body = request.proof;
    }
    if (credential_wallet_proof_judge(body, SV("https://badges.example.edu"), now, &a, &proof,
                                      &other) &&
        !credential_wallet_did_is_fit(proof.did)) {
        __builtin_trap();
    }
    return 0;
}
