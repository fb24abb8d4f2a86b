#include "net_address.h"
#include <arpa/inet.h>
#include <netinet/in.h>

struct block {
    unsigned char network[16];
    int bits;
};

/* IANA special-purpose registries (RFC 6890 and successors): what is not globally reachable. */
static const struct block v4_special[] = {
    {{0}, 8},             /* this network */
    {{10}, 8},            /* private */
    {{100, 64}, 10},      /* shared, carrier NAT */
    {{127}, 8},           /* loopback */
    {{169, 254}, 16},     /* link-local, cloud metadata */
    {{172, 16}, 12},      /* private */
    {{192, 0, 0}, 24},    /* protocol assignments */
    {{192, 0, 2}, 24},    /* documentation */
    {{192, 88, 99}, 24},  /* 6to4 relay */
    {{192, 168}, 16},     /* private */
    {{198, 18}, 15},      /* benchmarking */
    {{198, 51, 100}, 24}, /* documentation */
    {{203, 0, 113}, 24},  /* documentation */
    {{224}, 3},           /* multicast, reserved, broadcast */
};
static const struct block v6_global = {{0x20}, 3};
static const struct block v6_special[] = {
    {{0x20, 0x01, 0x00}, 23},       /* protocol assignments, Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4: embeds IPv4 */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};
static const unsigned char v4_mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool net_bits_match(const unsigned char *left, const unsigned char *right, int bits) {
    int whole = bits / 8;
    if (memcmp(left, right, (size_t)whole) != 0) {
        return false;
    }
    int rest = bits % 8;
    unsigned mask = 0xffU << (8 - rest) & 0xffU;
    return rest == 0 || ((left[whole] ^ right[whole]) & mask) == 0;
}

static bool is_in(const unsigned char *address, const struct block *blocks, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (net_bits_match(address, blocks[i].network, blocks[i].bits)) {
            return true;
        }
    }
    return false;
}

bool net_address_bytes(const struct sockaddr *address, unsigned char out[16]) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        memcpy(out, v4_mapped, sizeof v4_mapped);
        memcpy(out + sizeof v4_mapped, &v4.sin_addr, 4);
        return true;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        memcpy(out, &v6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool net_address_parse(struct sv text, unsigned char out[16], bool *is_v4) {
    char host[INET6_ADDRSTRLEN + 1];
    if (text.len == 0 || text.len >= sizeof host) {
        return false;
    }
    memcpy(host, text.ptr, text.len);
    host[text.len] = '\0';
    memcpy(out, v4_mapped, sizeof v4_mapped);
    *is_v4 = inet_pton(AF_INET, host, out + sizeof v4_mapped) == 1;
    return *is_v4 || inet_pton(AF_INET6, host, out) == 1;
}

bool net_address_is_loopback(const unsigned char address[16]) {
    static const unsigned char one[16] = {[15] = 1};
    if (memcmp(address, one, sizeof one) == 0) {
        return true;
    }
    return memcmp(address, v4_mapped, sizeof v4_mapped) == 0 && address[12] == 127;
}

bool net_address_is_public(const struct sockaddr *address) {
    unsigned char bytes[16];
    if (!net_address_bytes(address, bytes)) {
        return false;
    }
    if (address->sa_family == AF_INET) {
        return !is_in(bytes + 12, v4_special, ARRAY_LEN(v4_special));
    }
    return net_bits_match(bytes, v6_global.network, v6_global.bits) &&
           !is_in(bytes, v6_special, ARRAY_LEN(v6_special));
}
