/* A time as numbers: year, month, day, weekday, hour, day of the year, days since the first. */
#ifndef KEN_PREPROCESS_DATE_PARTS_H
#define KEN_PREPROCESS_DATE_PARTS_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* AUTO: for consumers that are linear in their inputs. */
enum { KEN_CYCLIC_AUTO, KEN_CYCLIC_NO, KEN_CYCLIC_YES };

typedef struct ken_date_parts_params {
    int cyclic;
} ken_date_parts_params;

#define KEN_DATE_PARTS_DEFAULTS {KEN_CYCLIC_AUTO}

/* A time column `t` becomes f64 columns t.year, t.month (1-12), t.day (1-31), t.weekday (1 Monday -
 * 7 Sunday, ISO 8601), t.hour (0-23.99, with minutes as a fraction), t.day_of_year (1-366) and
 * t.days (since the first training day, with fraction). Parts that are the same in all training
 * rows are left out. cyclic: month, weekday, hour and day_of_year become a sine and a cosine of
 * their turn, so that December lies next to January. Missing stays missing. Other columns pass.
 *
 * attrs   used (d, 7): 1 where the part is made; first (d): microseconds of the first day; cyclic
 */
extern KEN_API const ken_desc ken_date_parts_desc;
KEN_DEFINE_NEW(date_parts)

KEN_END_C

#endif
