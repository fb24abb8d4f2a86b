/* PostgreSQL's ids of the types we use (src/include/catalog/pg_type.dat; stable by design). */
#pragma once

enum {
    DB_BOOL = 16,
    DB_BYTEA = 17,
    DB_INT8 = 20,
    DB_TEXT = 25,
    DB_TIMESTAMPTZ = 1184,
    DB_BOOL_ARRAY = 1000,
    DB_BYTEA_ARRAY = 1001,
    DB_TEXT_ARRAY = 1009,
    DB_INT8_ARRAY = 1016,
    DB_TIMESTAMPTZ_ARRAY = 1185
};
