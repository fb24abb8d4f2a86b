/* Any bytes as an archive of "Download everything": what is read of it has bounds. */
#include "pack_zip.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO_ARENA a = {0};
    AUTO_ZIP *zip = NULL;
    struct err err = {0};
    struct sv out = {0};
    bool is_found = false;
    if (pack_zip_open(sv_of((const char *)data, size), &zip, &err) &&
        pack_zip_read(zip, SV("urls.json"), &a, &out, &is_found, &err) && is_found &&
        out.len > PACK_FILE_BYTES_MAX) {
        abort();
    }
    return 0;
}
