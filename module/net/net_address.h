/* Addresses as 16 bytes, IPv4 as ::ffff:a.b.c.d. Inside this room only. */
#pragma once
#include "net_policy.h"

/* Do the first `bits` bits agree? */
bool net_bits_match(const unsigned char *left, const unsigned char *right, int bits);
/* False for families other than AF_INET and AF_INET6. */
NODISCARD bool net_address_bytes(const struct sockaddr *address, unsigned char out[16]);
/* A numeric address without brackets or zone. */
NODISCARD bool net_address_parse(struct sv text, unsigned char out[16], bool *is_v4);
bool net_address_is_loopback(const unsigned char address[16]);
