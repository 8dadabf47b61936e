/* Numeric checks of the derivations of this lesson. */

/* The best pair of heavy-ball parameters: the measured factor a step is sqrt(beta), and better than gradient descent's. */
KEN_CHECK(momentum_rate) {
    const double conditions[] = {4, 30, 400};
    for (int c = 0; c < KEN_COUNT(conditions); c++) {
        const double k = conditions[c], root = sqrt(k), factor = (root - 1) / (root + 1);
        char bowl[64], heavy[96];
        ken_descent *d;
        snprintf(bowl, sizeof bowl, "bowl:condition=%g", k);
        snprintf(heavy, sizeof heavy, "momentum:learning_rate=%.17g,momentum=%.17g", 4 / ((root + 1) * (root + 1)),
                 factor * factor);
        EXPECT_OK(ken_descent_new(ctx, bowl, heavy, NULL, 2, &d));
        const int64_t steps = (int64_t)(12 / -log(factor)); /* some five decades */
        EXPECT_OK(ken_descent_seek(d, 3 * steps));
        /* f goes with the square of the distance; a double eigenvalue adds a factor t, which dies out slowly */
        const double measured = sqrt(ken_descent_factor(d, 0, steps));
        EXPECT_NEAR(measured, factor, 0.35 * (1 - factor));
        EXPECT(measured < (k - 1) / (k + 1));
        EXPECT_NEAR(ken_descent_factor_momentum(k, 1), factor, 1e-12);
        ken_descent_free(d);
    }
}

/* The mean of m / (1 - beta^t) over many runs of noisy gradients is the mean gradient, at every t. */
KEN_CHECK(bias_correction) {
    const double beta = 0.9, mean = 3;
    const int runs = 20000, steps = 12;
    double sum[12] = {0};
    ken_rng rng = ken_rng_stream(ctx, "lesson.bias", 0);
    for (int r = 0; r < runs; r++) {
        double m = 0, left = 1;
        for (int t = 0; t < steps; t++) {
            m = beta * m + (1 - beta) * (mean + ken_rng_normal(&rng));
            left *= beta;
            sum[t] += m / (1 - left) / runs;
        }
    }
    for (int t = 0; t < steps; t++) EXPECT_NEAR(sum[t], mean, 0.01); /* standard error at most 1 / sqrt(20000) = 0.007 */
    ken_optim *o; /* and the first step is as long as the rate, whatever the gradient */
    double x[2] = {0, 0};
    const double g[2] = {5000, -1e-3};
    EXPECT_OK(ken_optimizer_new(ctx, "adam", "learning_rate=0.01 epsilon=1e-300", 2, &o));
    ken_optimizer_step(o, x, g);
    EXPECT_NEAR(x[0], -0.01, 1e-12);
    EXPECT_NEAR(x[1], 0.01, 1e-12);
    ken_optimizer_free(o);
}
