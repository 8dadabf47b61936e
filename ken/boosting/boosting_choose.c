/* Which columns a node may ask about: those of a sample of its level, of these the ones that constraints
 * let it meet, of these a sample of its own. Draws are addressed by tree, and by depth or by the path from
 * the root: they do not depend on who looks at a node, nor when. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting_grower.h"
#include "ken/core/rng.h"

/* Spreads neighboring numbers (the finalizer of splitmix64, Steele, Lea & Flood 2014). */
static uint64_t choose_mix(uint64_t x) {
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

uint64_t ken__grow_key(const boosting_grower *w, const boosting_node *node) {
    return choose_mix(choose_mix((uint64_t)w->tree) ^ node->path);
}

static bool choose_is_part(double fraction) { return fraction > 0 && fraction < 1; }

bool ken__grow_chooses(const boosting_grower *w) {
    const boosting_rules *const r = w->rules;
    return r->group_words > 0 || choose_is_part(r->level_fraction) || choose_is_part(r->node_fraction);
}

/* ceil(fraction * n) of n items, in their order (Knuth, volume 2, 3.4.2, algorithm S). */
static int choose_sample(ken_rng rng, double fraction, int32_t *item, int n) {
    const int want = (int)ceil(fraction * n);
    int taken = 0;
    for (int i = 0; i < n && taken < want; i++)
        if (ken_rng_below(&rng, (uint64_t)(n - i)) < (uint64_t)(want - taken)) item[taken++] = item[i];
    return taken;
}

static int choose_allowed(const boosting_grower *w, const uint64_t *here, int32_t *item, int n) {
    const int words = w->rules->group_words;
    int kept = 0;
    for (int i = 0; i < n; i++) {
        const uint64_t *const of = w->rules->group + (int64_t)item[i] * words;
        uint64_t common = 0;
        for (int k = 0; k < words; k++) common |= here[k] & of[k];
        if (common) item[kept++] = item[i];
    }
    return kept;
}

/* here: the groups that the path is within; key: for the node's own sample. */
static int choose(const boosting_grower *w, int64_t depth, uint64_t key, const uint64_t *here,
                  int32_t *list) {
    const boosting_rules *const r = w->rules;
    int n = w->n_columns;
    for (int j = 0; j < n; j++) list[j] = w->columns ? w->columns[j] : j;
    if (choose_is_part(r->level_fraction)) {
        const uint64_t level = choose_mix(choose_mix((uint64_t)w->tree) ^ (uint64_t)depth);
        n = choose_sample(ken_rng_stream(w->ctx, "boosting.level", level), r->level_fraction, list, n);
    }
    if (r->group_words > 0) n = choose_allowed(w, here, list, n);
    if (choose_is_part(r->node_fraction))
        n = choose_sample(ken_rng_stream(w->ctx, "boosting.node", key), r->node_fraction, list, n);
    return n;
}

int ken__grow_choose(const boosting_grower *w, const boosting_node *node, int32_t *list) {
    const uint64_t *const here = w->groups ? w->groups + (node - w->node) * w->rules->group_words : NULL;
    return choose(w, node->depth, ken__grow_key(w, node), here, list);
}

/* The root's groups are those of the level. */
int ken__grow_choose_level(const boosting_grower *w, int depth, int32_t *list) {
    return choose(w, depth, ken__grow_level_key(w, depth), w->groups, list);
}

uint64_t ken__grow_level_key(const boosting_grower *w, int depth) {
    return choose_mix(choose_mix((uint64_t)w->tree) ^ UINT64_C(1) << (depth & 63));
}

void ken__grow_groups_of_level(const boosting_grower *w, int32_t column) {
    const int words = w->rules->group_words;
    for (int k = 0; k < words; k++) w->groups[k] &= w->rules->group[(int64_t)column * words + k];
}

void ken__grow_groups(const boosting_grower *w, const boosting_node *parent, const boosting_node *child) {
    const int words = w->rules->group_words;
    if (words == 0) return;
    uint64_t *const to = w->groups + (child - w->node) * words;
    if (!parent) {
        memset(to, 255, (size_t)words * sizeof *to);
        return;
    }
    const uint64_t *const from = w->groups + (parent - w->node) * words;
    const uint64_t *const of = w->rules->group + (int64_t)parent->split.column * words;
    for (int k = 0; k < words; k++) to[k] = from[k] & of[k];
}
