#include "image_qr.h"
#include <qrencode.h>

#define QUIET 4 /* squares around it */
#define UNITS 8

bool image_qr_path(struct sv text, struct str *out, int *squares, struct err *err) {
    char copy[IMAGE_QR_TEXT_MAX + 1];
    QRcode *code = NULL;
    if (text.len > 0 && text.len <= IMAGE_QR_TEXT_MAX && sv_is_printable_ascii(text)) {
        memcpy(copy, text.ptr, text.len);
        copy[text.len] = '\0';
        code = QRcode_encodeString8bit(copy, 0, QR_ECLEVEL_M);
    }
    if (code == NULL) {
        return err_because(err, ERR_INPUT, "qr", "there is no QR code for this text");
    }
    *squares = code->width;
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            if ((code->data[y * code->width + x] & 1) != 0) {
                str_addf(out, "M%d %dh1v1h-1z", x, y);
            }
        }
    }
    QRcode_free(code);
    return str_ok(out, "the QR code", err);
}

bool image_qr_draw(struct sv text, struct str *out, struct err *err) {
    AUTO_ARENA a = {0};
    struct str path;
    int squares = 0;
    str_init(&path, &a, IMAGE_QR_MAX_BYTES);
    if (!image_qr_path(text, &path, &squares, err)) {
        return false;
    }
    int side = squares + 2 * QUIET;
    str_addf(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
             "height=\"%d\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path fill=\"#000\" "
             "transform=\"translate(%d %d)\" shape-rendering=\"crispEdges\" d=\"",
             side, side, side * UNITS, side * UNITS, side, side, QUIET, QUIET);
    str_add(out, str_sv(&path));
    str_add(out, SV("\"/></svg>\n"));
    return str_ok(out, "the QR code", err);
}
