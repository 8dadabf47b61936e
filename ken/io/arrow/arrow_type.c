/* Format texts of the Arrow C data interface: "l" is int64, "tsu:UTC" a time stamp, "+s" a struct. */
#include <stdlib.h>
#include <string.h>

#include "ken/io/arrow/arrow_parts.h"

/* Types that a text says whole. */
static const struct {
    const char *format;
    arrow_type type;
} arrow_types[] = {
    {"n", {ARROW_NULL, 0, 0, 1, 1}},
    {"b", {ARROW_BOOL, 0, 0, 1, 1}},
    {"c", {ARROW_SIGNED, 1, 0, 1, 1}},
    {"C", {ARROW_UNSIGNED, 1, 0, 1, 1}},
    {"s", {ARROW_SIGNED, 2, 0, 1, 1}},
    {"S", {ARROW_UNSIGNED, 2, 0, 1, 1}},
    {"i", {ARROW_SIGNED, 4, 0, 1, 1}},
    {"I", {ARROW_UNSIGNED, 4, 0, 1, 1}},
    {"l", {ARROW_SIGNED, 8, 0, 1, 1}},
    {"L", {ARROW_UNSIGNED, 8, 0, 1, 1}},
    {"e", {ARROW_FLOAT, 2, 0, 1, 1}},
    {"f", {ARROW_FLOAT, 4, 0, 1, 1}},
    {"g", {ARROW_FLOAT, 8, 0, 1, 1}},
    {"u", {ARROW_TEXT, 4, 0, 1, 1}},
    {"U", {ARROW_TEXT, 8, 0, 1, 1}},
    {"z", {ARROW_TEXT, 4, 0, 1, 1}},
    {"Z", {ARROW_TEXT, 8, 0, 1, 1}},
    {"vu", {ARROW_VIEW, 16, 0, 1, 1}},
    {"vz", {ARROW_VIEW, 16, 0, 1, 1}},
    {"tdD", {ARROW_TIME, 4, 0, 86400000000, 1}},
    {"tdm", {ARROW_TIME, 8, 0, 1000, 1}},
    {"tts", {ARROW_SECONDS, 4, 0, 1000000, 1}},
    {"ttm", {ARROW_SECONDS, 4, 0, 1000, 1}},
    {"ttu", {ARROW_SECONDS, 8, 0, 1, 1}},
    {"ttn", {ARROW_SECONDS, 8, 0, 1, 1000}},
    {"tDs", {ARROW_SECONDS, 8, 0, 1000000, 1}},
    {"tDm", {ARROW_SECONDS, 8, 0, 1000, 1}},
    {"tDu", {ARROW_SECONDS, 8, 0, 1, 1}},
    {"tDn", {ARROW_SECONDS, 8, 0, 1, 1000}},
};

/* "tsu:Europe/Berlin": what is stored is UTC, whatever the zone. */
static bool arrow_stamp(const char *format, arrow_type *out) {
    static const struct {
        char unit;
        int64_t times, parts;
    } units[] = {{'s', 1000000, 1}, {'m', 1000, 1}, {'u', 1, 1}, {'n', 1, 1000}};
    if (strncmp(format, "ts", 2) != 0 || !format[2] || format[3] != ':') return false;
    for (int i = 0; i < KEN_COUNT(units); i++)
        if (format[2] == units[i].unit) {
            *out = (arrow_type){ARROW_TIME, 8, 0, units[i].times, units[i].parts};
            return true;
        }
    return false;
}

/* "d:precision,scale" of 128 bits, or "d:precision,scale,bits". */
static bool arrow_decimal(const char *format, arrow_type *out) {
    char *end;
    if (strncmp(format, "d:", 2) != 0) return false;
    (void)strtol(format + 2, &end, 10);
    if (*end != ',') return false;
    const long scale = strtol(end + 1, &end, 10);
    const long bits = *end == ',' ? strtol(end + 1, &end, 10) : 128;
    if (*end || (bits != 32 && bits != 64 && bits != 128) || scale < -300 || scale > 300) return false;
    *out = (arrow_type){ARROW_DECIMAL, (int)bits / 8, (int)scale, 1, 1};
    return true;
}

ken_status ken__arrow_type(ken_ctx *ctx, const char *name, const char *format, arrow_type *out) {
    if (!format) return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "Arrow: column '%s' has no format", name);
    for (int i = 0; i < KEN_COUNT(arrow_types); i++)
        if (strcmp(format, arrow_types[i].format) == 0) {
            *out = arrow_types[i].type;
            return KEN_OK;
        }
    if (arrow_stamp(format, out) || arrow_decimal(format, out)) return KEN_OK;
    if (format[0] == '+')
        return KEN_FAIL(ctx, KEN_E_TYPE, "take it apart into columns of numbers, texts or dates first",
                        "column '%s' is nested (Arrow type '%.32s')", name, format);
    return KEN_FAIL(ctx, KEN_E_TYPE, "cast it to numbers, texts or dates first",
                    "column '%s' has a type that no model reads (Arrow type '%.32s')", name, format);
}
