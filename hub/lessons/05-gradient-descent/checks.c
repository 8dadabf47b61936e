/* Numeric checks of the derivations of this lesson. */
static uint64_t next_seed = 1;

static double uniform(double low, double high) {
    next_seed = next_seed * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(next_seed >> 11) / 9007199254740992.0;
}

/* f(x + s) <= f(x) + grad . s + L/2 |s|^2 at random places and steps; a step of 1/L gains |grad|^2 / (2L). */
KEN_CHECK(descent_lemma) {
    ken_surface *bowl;
    double L, mu;
    EXPECT_OK(ken_surface_new(ctx, "bowl", "condition=30 rotation=20", 2, &bowl));
    EXPECT(ken_surface_curvature(bowl, &L, &mu));
    for (int trial = 0; trial < 1000; trial++) {
        const double x[2] = {uniform(-5, 5), uniform(-5, 5)}, s[2] = {uniform(-2, 2), uniform(-2, 2)};
        const double moved[2] = {x[0] + s[0], x[1] + s[1]};
        double g[2];
        ken_surface_gradient(bowl, x, g);
        const double f = ken_surface_value(bowl, x), slack = 1e-12 * (1 + f);
        const double line = f + g[0] * s[0] + g[1] * s[1], s2 = s[0] * s[0] + s[1] * s[1];
        EXPECT(ken_surface_value(bowl, moved) <= line + L / 2 * s2 + slack);
        const double step[2] = {x[0] - g[0] / L, x[1] - g[1] / L};
        EXPECT(ken_surface_value(bowl, step) <= f - (g[0] * g[0] + g[1] * g[1]) / (2 * L) + slack);
    }
    ken_surface_free(bowl);
}

/* At 2 / (L + mu) the distance shrinks by (k - 1) / (k + 1) a step, and no other rate does better. */
KEN_CHECK(quadratic_rate) {
    ken_surface *bowl;
    double L, mu;
    EXPECT_OK(ken_surface_new(ctx, "bowl", "condition=25", 2, &bowl));
    EXPECT(ken_surface_curvature(bowl, &L, &mu));
    EXPECT_NEAR(L / mu, 25, 1e-12);
    for (int trial = 0; trial < 200; trial++) {
        const double rate = trial ? uniform(0, 3) / L : 2 / (L + mu);
        double worst = 0;
        for (int axis = 0; axis < 2; axis++) { /* start on either axis: the slower one counts */
            double x[2] = {axis == 0, axis == 1}, g[2];
            ken_surface_gradient(bowl, x, g);
            worst = fmax(worst, hypot(x[0] - rate * g[0], x[1] - rate * g[1]));
        }
        if (trial == 0) EXPECT_NEAR(worst, 24.0 / 26, 1e-12);
        EXPECT(worst >= 24.0 / 26 - 1e-12);
    }
    ken_surface_free(bowl);
}

/* f(x_k) - f* <= L |x_0 - x*|^2 / (2k) on convex surfaces, at every step. */
KEN_CHECK(sublinear_bound) {
    static const char *const convex[][2] = {{"bowl", "condition=1000"}, {"bowl", "condition=2"}, {"booth", ""}, {"matyas", ""}};
    for (int c = 0; c < KEN_COUNT(convex); c++) {
        ken_surface *f;
        double x[2], best[2], g[2], L, mu;
        bool global;
        EXPECT_OK(ken_surface_new(ctx, convex[c][0], convex[c][1], 2, &f));
        EXPECT(ken_surface_curvature(f, &L, &mu) && ken_surface_minimum(f, 0, best, &global) && global);
        ken_surface_start(f, x);
        const double least = ken_surface_value(f, best);
        const double far2 = (x[0] - best[0]) * (x[0] - best[0]) + (x[1] - best[1]) * (x[1] - best[1]);
        for (int k = 1; k <= 3000; k++) {
            ken_surface_gradient(f, x, g);
            for (int i = 0; i < 2; i++) x[i] -= g[i] / L;
            EXPECT(ken_surface_value(f, x) - least <= L * far2 / (2 * k) * (1 + 1e-12));
        }
        ken_surface_free(f);
    }
}
