/* Dates and times in tables, to microseconds since 1970-01-01 UTC. Year first (ISO 8601, also with
 * slashes or without the day), or day and month first with a year of four digits. */
#include "ken/io/csv/csv_parts.h"

typedef struct csv_time_cursor {
    const char *s, *end;
} csv_time_cursor;

/* A number of lo to hi digits; -1: none. */
static int csv_time_digits(csv_time_cursor *c, int lo, int hi) {
    int value = 0, n = 0;
    while (n < hi && c->s < c->end && *c->s >= '0' && *c->s <= '9') {
        value = value * 10 + (*c->s++ - '0');
        n++;
    }
    return n < lo ? -1 : value;
}

static bool csv_time_is(csv_time_cursor *c, char wanted) {
    if (c->s == c->end || *c->s != wanted) return false;
    c->s++;
    return true;
}

static int csv_time_month_days(int year, int month) {
    static const int days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool csv_time_date_ok(int year, int month, int day) {
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
           day <= csv_time_month_days(year, month);
}

/* Days since 1970-01-01 in the Gregorian calendar; years from March on, so that a leap day is the
 * last of its year. */
static int64_t csv_time_days(int year, int month, int day) {
    const uint32_t y = (uint32_t)year - (month <= 2); /* year >= 1 */
    const uint32_t from_march = (uint32_t)(month > 2 ? month - 3 : month + 9);
    const uint32_t day_of_year = (153 * from_march + 2) / 5 + (uint32_t)day - 1;
    return (int64_t)y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468;
}

/* .123456789: microseconds, further digits are cut off. */
static bool csv_time_fraction(csv_time_cursor *c, int64_t *us) {
    int64_t scale = 100000;
    if (c->s == c->end || *c->s < '0' || *c->s > '9') return false;
    for (; c->s < c->end && *c->s >= '0' && *c->s <= '9'; c->s++, scale /= 10)
        *us += (*c->s - '0') * scale;
    return true;
}

/* Z, +01:00, +0100, +01. */
static bool csv_time_zone(csv_time_cursor *c, int64_t *us) {
    if (csv_time_is(c, 'Z') || csv_time_is(c, 'z')) return true;
    const bool plus = c->s < c->end && *c->s == '+';
    if (!plus && !(c->s < c->end && *c->s == '-')) return false;
    c->s++;
    const int hours = csv_time_digits(c, 2, 2);
    (void)csv_time_is(c, ':');
    const int minutes = c->s < c->end ? csv_time_digits(c, 2, 2) : 0;
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return false;
    *us += (plus ? -1 : 1) * ((int64_t)hours * 60 + minutes) * 60000000;
    return true;
}

static bool csv_time_half(csv_time_cursor *c, int *hour) { /* AM, PM */
    const bool blank = csv_time_is(c, ' ');
    if (c->end - c->s != 2 || (c->s[1] | 32) != 'm' ||
        ((c->s[0] | 32) != 'a' && (c->s[0] | 32) != 'p')) {
        c->s -= blank;
        return true;
    }
    if (*hour < 1 || *hour > 12) return false;
    *hour = *hour % 12 + ((c->s[0] | 32) == 'p' ? 12 : 0);
    c->s += 2;
    return true;
}

/* What may follow a date: nothing, or a time of day and a zone. */
static bool csv_time_of_day(csv_time_cursor *c, int64_t *us) {
    if (c->s == c->end) return true;
    if (!csv_time_is(c, 'T') && !csv_time_is(c, ' ') && !csv_time_is(c, 't')) return false;
    int hour = csv_time_digits(c, 1, 2), second = 0;
    if (!csv_time_is(c, ':')) return false;
    const int minute = csv_time_digits(c, 2, 2);
    if (csv_time_is(c, ':')) {
        second = csv_time_digits(c, 2, 2);
        if ((csv_time_is(c, '.') || csv_time_is(c, ',')) && !csv_time_fraction(c, us)) return false;
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
        return false;
    if (!csv_time_half(c, &hour)) return false;
    *us += (((int64_t)hour * 60 + minute) * 60 + second) * 1000000;
    if (c->s == c->end) return true;
    (void)csv_time_is(c, ' ');
    return csv_time_zone(c, us) && c->s == c->end;
}

static uint32_t csv_time_year_first(csv_time_cursor *c, int64_t *us) {
    const int year = csv_time_digits(c, 4, 4);
    const char separator = c->s < c->end ? *c->s : 0;
    if (year < 0 || (separator != '-' && separator != '/')) return 0;
    c->s++;
    const int month = csv_time_digits(c, separator == '-' ? 2 : 1, 2);
    if (c->s == c->end && separator == '-') { /* a month */
        if (!csv_time_date_ok(year, month, 1)) return 0;
        *us = csv_time_days(year, month, 1) * 86400000000;
        return CSV_ISO;
    }
    if (!csv_time_is(c, separator)) return 0;
    const int day = csv_time_digits(c, separator == '-' ? 2 : 1, 2);
    if (!csv_time_date_ok(year, month, day)) return 0;
    *us = csv_time_days(year, month, day) * 86400000000;
    return csv_time_of_day(c, us) ? CSV_ISO : 0;
}

/* 31/12/2020, 12/31/2020, 31.12.2020, 31-12-2020; with a dot the day is first. */
static uint32_t csv_time_year_last(csv_time_cursor *c, bool dmy, int64_t *us) {
    const int a = csv_time_digits(c, 1, 2);
    const char separator = c->s < c->end ? *c->s : 0;
    if (a < 0 || (separator != '/' && separator != '.' && separator != '-')) return 0;
    c->s++;
    const int b = csv_time_digits(c, 1, 2);
    if (b < 0 || !csv_time_is(c, separator)) return 0;
    const int year = csv_time_digits(c, 4, 4);
    const bool as_dmy = csv_time_date_ok(year, b, a),
               as_mdy = separator != '.' && csv_time_date_ok(year, a, b);
    if (!as_dmy && !as_mdy) return 0;
    const bool day_first = as_dmy && (dmy || !as_mdy);
    *us = (day_first ? csv_time_days(year, b, a) : csv_time_days(year, a, b)) * 86400000000;
    if (!csv_time_of_day(c, us)) return 0;
    return as_dmy && as_mdy ? CSV_SLASH : as_dmy ? CSV_DMY : CSV_MDY;
}

uint32_t ken__csv_time(const char *s, uint32_t n, bool dmy, int64_t *us) {
    csv_time_cursor c = {s, s + n};
    *us = 0;
    if (n < 6 || n > 40 || s[0] < '0' || s[0] > '9') return 0;
    if (s[1] >= '0' && s[1] <= '9' && s[2] >= '0' && s[2] <= '9')
        return csv_time_year_first(&c, us);
    return csv_time_year_last(&c, dmy, us);
}

/* --- the two common shapes, without a loop ---------------------------------------------------- */
/* Eight characters like `shape`, in which 0 is any digit. */
static bool csv_time_eight(const char *s, const char *shape, uint8_t digit[8]) {
    unsigned odd = 0;
    for (int k = 0; k < 8; k++) {
        digit[k] = (uint8_t)(s[k] - shape[k]);
        odd |= digit[k] > (shape[k] == '0' ? 9u : 0u);
    }
    return !odd;
}

/* 2020-12-31 and 2020-12-31T23:59:59 (or a blank for the T); false: look at it slowly. */
bool ken__csv_time_fast(const char *s, uint32_t n, int64_t *us) {
    uint8_t d[8], t[8];
    if ((n != 10 && n != 19) || !csv_time_eight(s, "0000-00-", d)) return false;
    const unsigned ten = (unsigned)(s[8] - '0'), one = (unsigned)(s[9] - '0');
    const int year = d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3], month = d[5] * 10 + d[6];
    if (ten > 3 || one > 9 || !csv_time_date_ok(year, month, (int)(ten * 10 + one))) return false;
    const int64_t day = csv_time_days(year, month, (int)(ten * 10 + one)) * 86400000000;
    *us = day;
    if (n == 10) return true;
    if ((s[10] != ' ' && s[10] != 'T') || !csv_time_eight(s + 11, "00:00:00", t)) return false;
    const int hour = t[0] * 10 + t[1], minute = t[3] * 10 + t[4], second = t[6] * 10 + t[7];
    if (hour > 23 || minute > 59 || second > 60) return false;
    *us = day + (((int64_t)hour * 60 + minute) * 60 + second) * 1000000;
    return true;
}
