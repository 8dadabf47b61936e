/* Drawings as SVG of our own: no script, one file, light and dark, prints as lines. */
#ifndef KEN_REPORT_DRAWING_H
#define KEN_REPORT_DRAWING_H

#include "ken/core/text.h"
#include "ken/explain/outline/outline.h"

KEN_BEGIN_C

/* A tree from the top down: a card a node (question, what it says, a bar as long as its share of the rows,
 * in the colors of classes or values), lines as wide as the rows that take them. Whole names stand in
 * tooltips; all text is escaped. The svg element can stand in a file of its own or inside a page.
 *
 * model   the one that the outline is of, for names.
 * out     the SVG is added to it; errors stay in it (ken_text_end).
 * errors  KEN_E_NOMEM
 * source  layout: Reingold & Tilford 1981, IEEE Trans. Software Engineering 7(2) */
KEN_API ken_status ken_drawing_tree(ken_ctx *ctx, const ken_model *model, const ken_outline *outline,
                                    ken_text *out);

KEN_END_C

#endif
