/* The JavaScript that draws a report's figures. Not part of the library: a build product (npm ci in
 * ken/report/assets, see cmake/assets.cmake) that the program carries and hands over in
 * ken_report_input. NULL, with size 0, when the build had no npm: reports then show tables. */
#ifndef KEN_REPORT_REPORT_ASSETS_H
#define KEN_REPORT_REPORT_ASSETS_H

#include <stddef.h>

const char *ken_asset_vega_js(size_t *size);
const char *ken_asset_vega_lite_js(size_t *size);
const char *ken_asset_vega_embed_js(size_t *size);

#endif
