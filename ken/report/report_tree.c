/* A single decision tree, as deep as fits the page. */
#include "ken/explain/outline/outline.h"
#include "ken/report/drawing.h"
#include "ken/report/report_html.h"

enum { TREE_ENDS = 8 };

ken_status ken__report_tree(ken__report *r) {
    const ken_model *m = r->in->model;
    const ken_tensor *offset = m ? ken_model_attr(m, "tree_offset") : NULL;
    ken_outline_params p = KEN_OUTLINE_DEFAULTS;
    ken_outline *outline = NULL;
    if (!offset || ken_tensor_count(offset) != 2 || !ken_model_attr(m, "gain")) return KEN_OK;
    p.max_ends = TREE_ENDS;
    KEN_TRY(ken_explain_outline(r->ctx, m, &p, &outline));
    const ken_outline_view *v = ken_outline_get(outline);
    ken__report_add(r, "<p>Start at the top; a row goes left where the question is answered with yes. "
                       "Boxes at the bottom say what the model answers there.");
    if (v->depth < v->full_depth)
        ken__report_add(r, " The first $ of $ questions in a row are drawn.", ken__report_int(r, v->depth),
                        ken__report_int(r, v->full_depth));
    ken__report_add(r, "</p>\n<div class='scroll tree' tabindex='0' role='group' aria-label='The decision tree'>\n");
    const ken_status status = ken_drawing_tree(r->ctx, m, outline, r->out);
    ken__report_add(r, "</div>\n");
    ken_outline_free(outline);
    return status;
}
