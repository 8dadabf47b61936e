/* Written by describe_golden.py: numpy 2.4.6, scipy 1.17.1, pandas 3.1.1. */
#ifndef KEN_STATS_DESCRIBE_GOLDEN_H
#define KEN_STATS_DESCRIBE_GOLDEN_H

/* min q1 median q3 max mean sd skew */
static const double golden_x[8] = {
    -30.0, -3.5249999999999986, 20.15,
    43.825, 67.5, 19.383333333333333,
    28.781845541388787, -0.047163415322909366,
};
static const double golden_z[8] = {
    -2.9268780164044728, 1.1271331898517134, 4.909355070237112,
    9.836227851147378, 18.97829921750772, 6.043276809331969,
    6.3442640293374515, 0.5451920745957498,
};
/* pearson(x, z), spearman(x, x squared), cramers_v(a, b), eta(a, x), eta(b, z) */
static const double golden_pairs[5] = {
    -0.11346175168667325, 0.7707140872464575, 0.12008923821771396,
    0.13042166590427368, 0.11523751330097515,
};
static const double golden_age[8] = {
    0.4167, 20.125, 28.0,
    38.0, 80.0, 29.699113025210085,
    14.526506685969478, 0.3882861501214263,
};
static const double golden_fare[8] = {
    0.0, 7.9104, 14.4542,
    31.0, 512.3292, 32.204207968574636,
    49.6934285971809, 4.7792532923723545,
};
/* age-fare pearson, pclass-fare spearman, sex-embarked V, sex-survived V, embarked-fare eta */
static const double golden_titanic[5] = {
    0.09606607526491295, -0.6880316726256098, 0.12256919037251324,
    0.5433513806577551, 0.28155044124971956,
};

#endif
