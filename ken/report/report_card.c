/* What was done to the columns, how to do it again, and the model card. */
#include "ken/report/report_html.h"

static void card_facts(ken__report *r, const ken_report_fact *facts, int n) {
    for (int i = 0; i < n; i++)
        ken__report_add(r, "<dt>$</dt><dd>$</dd>\n", facts[i].name, facts[i].value);
}

ken_status ken__report_recipe(ken__report *r) {
    const ken_report_input *in = r->in;
    if (!in->model || !in->n_recipe) return KEN_OK;
    ken__report_add(r, "<p>What happens to each column before the model sees it. Learned on the "
                       "training rows alone, saved with the model. $ columns become $ inputs.</p>\n"
                       "<div class='scroll'><table><thead><tr><th>column</th><th>what is done</th></tr>"
                       "</thead>\n<tbody>\n",
                    ken__report_int(r, ken_model_n_features(in->model)),
                    ken__report_int(r, ken_model_n_inputs(in->model)));
    for (int i = 0; i < in->n_recipe; i++)
        ken__report_add(r, "<tr><th scope='row' class='name'>$</th><td>$ <span class='hint'>$</span>"
                           "</td></tr>\n", in->recipe[i].name, in->recipe[i].value,
                        in->recipe_why ? in->recipe_why[i] : NULL);
    ken__report_add(r, "</tbody></table></div>\n");
    return KEN_OK;
}

/* The parameters: those of the descriptor, by their rows. */
static void card_parameters(ken__report *r) {
    const ken_desc *desc = ken_model_desc(r->in->model);
    const void *params = ken_model_params(r->in->model);
    if (!desc->params || !params) return;
    ken__report_add(r, "<h3>Parameters of $</h3>\n<div class='scroll'><table><thead><tr><th>name</th>"
                       "<th>value</th><th>meaning</th></tr></thead>\n<tbody>\n", desc->name);
    for (const ken_param *p = desc->params; p->name; p++) {
        ken_text value = ken_text_new(r->ctx);
        ken_param_format(p, params, &value);
        if (value.status != KEN_OK) r->out->status = value.status;
        ken__report_add(r, "<tr><th scope='row'><code>$</code></th><td class='name'>$</td><td>$</td>"
                           "</tr>\n", p->name, value.data ? value.data : "", p->doc);
        ken_text_free(&value);
    }
    ken__report_add(r, "</tbody></table></div>\n");
}

ken_status ken__report_repeat(ken__report *r) {
    const ken_report_input *in = r->in;
    if (!in->command && !in->n_run && !in->model) return KEN_OK;
    if (in->command) {
        ken__report_add(r, "<p>The same command on the same data gives the same model, bit for bit, "
                           "whatever the number of threads.</p>\n<pre>$</pre>\n", in->command);
    }
    if (in->n_run) {
        ken__report_add(r, "<dl class='facts'>\n");
        card_facts(r, in->run, in->n_run);
        ken__report_add(r, "</dl>\n");
    }
    if (in->model) card_parameters(r);
    return KEN_OK;
}

static void card_limits(ken__report *r) {
    const ken_report_input *in = r->in;
    ken__report_add(r, "<dt>Limits</dt><dd>It knows what its training rows knew. ");
    if (in->rows_test)
        ken__report_add(r, "Its quality was measured on $ rows of the same table: rows from another "
                           "time, place or group may be harder. ", ken__report_int(r, in->rows_test));
    ken__report_add(r, "Importances and effects describe the model, not causes: changing a column in "
                       "the world may not change the answer the way it does here. Fairness between "
                       "groups of people was not examined.</dd>\n");
}

ken_status ken__report_card(ken__report *r) {
    const ken_report_input *in = r->in;
    if (!in->model) return KEN_OK;
    const ken_model *m = in->model;
    const ken_desc *desc = ken_model_desc(m);
    ken__report_add(r, "<dl class='facts'>\n<dt>Model</dt><dd>$ (<code>$</code>)",
                    desc->title ? desc->title : desc->name, desc->name);
    if (desc->paper) ken__report_add(r, "<br><span class='hint'>$</span>", desc->paper);
    ken__report_add(r, "</dd>\n<dt>Intended use</dt><dd>To $ <strong>$</strong> for rows with the same "
                       "columns, drawn the same way as the training rows.</dd>\n",
                    ken_model_task(m) == KEN_CLASSIFY ? "classify" : "estimate", ken_model_target(m));
    ken__report_add(r, "<dt>Trained on</dt><dd>$ rows, $ columns$$</dd>\n",
                    ken__report_int(r, in->rows_train ? in->rows_train : ken_model_rows_train(m)),
                    ken__report_int(r, ken_model_n_features(m)), in->data_name ? " of " : "",
                    in->data_name);
    if (in->n_metrics)
        ken__report_add(r, "<dt>Measured</dt><dd>$ $ on $</dd>\n",
                        ken__report_metric_title(&in->metrics[0]),
                        ken__report_num(r, in->metrics[0].value),
                        in->scores_how ? in->scores_how : "rows with known answers");
    card_facts(r, in->card, in->n_card);
    card_limits(r);
    ken__report_add(r, "</dl>\n");
    return KEN_OK;
}
