/* A QR code as a drawing (ISO/IEC 18004, level M), by libqrencode. */
#pragma once
#include "base_str.h"

#define IMAGE_QR_TEXT_MAX 1000
#define IMAGE_QR_MAX_BYTES ((size_t)256 * 1024)

/* Append the code's dark squares as the data of one SVG path, one unit a square, without the quiet
 * zone of four. *squares: how many a side has. Fails: ERR_INPUT "qr" for a text that is empty, not
 * printable ASCII or longer than IMAGE_QR_TEXT_MAX. */
NODISCARD bool image_qr_path(struct sv text, struct str *out, int *squares, struct err *err);
/* A whole drawing, black on white, with its quiet zone: 8 units a square. */
NODISCARD bool image_qr_draw(struct sv text, struct str *out, struct err *err);
