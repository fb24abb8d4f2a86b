#include "lti_frame.h"

struct sv lti_frame_name(struct sv text) {
    if (text.len > LTI_FRAME_NAME_MAX) {
        return sv_of(NULL, 0);
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '-' || c == '_' || c == '.')) {
            return sv_of(NULL, 0);
        }
    }
    return text;
}
