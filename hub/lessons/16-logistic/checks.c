/* Numeric checks of the derivations of this lesson. */
static uint64_t next_seed = 1;

static double uniform(double low, double high) {
    next_seed = next_seed * 6364136223846793005u + 1442695040888963407u;
    return low + (high - low) * (double)(next_seed >> 11) / 9007199254740992.0;
}

enum { N = 40, D = 3 }; /* rows; columns, the last one constant: the intercept */
typedef struct rows {
    double x[N][D], y[N];
} rows;

static rows draw(void) {
    rows r;
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) r.x[i][j] = j == D - 1 ? 1 : uniform(-2, 2);
        r.y[i] = uniform(0, 1) < 1 / (1 + ken_exp(-r.x[i][0] + 0.5 * r.x[i][1]));
    }
    return r;
}
static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int j = 0; j < D; j++) sum += a[j] * b[j];
    return sum;
}
static double proba(double z) { return 1 / (1 + ken_exp(-z)); }
/* -sum y ln p + (1 - y) ln(1 - p), as the definition has it */
static double cross_entropy(const rows *r, const double *w) {
    double loss = 0;
    for (int i = 0; i < N; i++) {
        const double p = proba(dot(r->x[i], w));
        loss -= r->y[i] * ken_log(p) + (1 - r->y[i]) * ken_log(1 - p);
    }
    return loss;
}
static void gradient(const rows *r, const double *w, double *g) {
    for (int j = 0; j < D; j++) g[j] = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++) g[j] += (proba(dot(r->x[i], w)) - r->y[i]) * r->x[i][j];
}
static void hessian(const rows *r, const double *w, double H[D][D]) {
    memset(H, 0, sizeof(double) * D * D);
    for (int i = 0; i < N; i++) {
        const double p = proba(dot(r->x[i], w));
        for (int j = 0; j < D; j++)
            for (int k = 0; k < D; k++) H[j][k] += p * (1 - p) * r->x[i][j] * r->x[i][k];
    }
}
/* A x = b by elimination; A is definite. */
static void solve(double A[D][D], double *b) {
    for (int i = 0; i < D; i++)
        for (int k = i + 1; k < D; k++) {
            const double f = A[k][i] / A[i][i];
            for (int j = i; j < D; j++) A[k][j] -= f * A[i][j];
            b[k] -= f * b[i];
        }
    for (int i = D - 1; i >= 0; i--) {
        for (int j = i + 1; j < D; j++) b[i] -= A[i][j] * b[j];
        b[i] /= A[i][i];
    }
}

/* sigma' = p (1 - p), at most 1/4; sigma(ln odds) = odds / (1 + odds); 1 - sigma(z) = sigma(-z). */
KEN_CHECK(sigmoid) {
    for (int t = 0; t < 200; t++) {
        const double z = uniform(-6, 6), h = 1e-5, p = proba(z), o = ken_exp(z);
        EXPECT_NEAR((proba(z + h) - proba(z - h)) / (2 * h), p * (1 - p), 1e-7);
        EXPECT_NEAR(p, o / (1 + o), 1e-14);
        EXPECT_NEAR(1 - p, proba(-z), 1e-12);
        EXPECT(p * (1 - p) <= 0.25);
    }
}

/* X'(p - y) against difference quotients of the definition; ln(1 + e^z) - y z is the same loss. */
KEN_CHECK(gradient) {
    for (int t = 0; t < 20; t++) {
        const rows r = draw();
        double w[D], g[D], short_form = 0;
        for (int j = 0; j < D; j++) w[j] = uniform(-1, 1);
        gradient(&r, w, g);
        for (int j = 0; j < D; j++) {
            const double h = 1e-5, at = w[j];
            w[j] = at + h;
            const double up = cross_entropy(&r, w);
            w[j] = at - h;
            const double down = cross_entropy(&r, w);
            w[j] = at;
            EXPECT(fabs((up - down) / (2 * h) - g[j]) < 1e-7 * N);
        }
        for (int i = 0; i < N; i++) {
            const double z = dot(r.x[i], w);
            short_form += ken_log(1 + ken_exp(z)) - r.y[i] * z;
        }
        EXPECT_NEAR(short_form, cross_entropy(&r, w), 1e-12);
    }
}

/* Chords lie above the graph; u'Hu >= 0 and is the second difference along u. */
KEN_CHECK(convex) {
    for (int t = 0; t < 200; t++) {
        const rows r = draw();
        double a[D], b[D], m[D], u[D], up[D], down[D], H[D][D], curvature = 0;
        for (int j = 0; j < D; j++) a[j] = uniform(-3, 3), b[j] = uniform(-3, 3), u[j] = uniform(-1, 1);
        const double s = uniform(0, 1), h = 1e-3;
        for (int j = 0; j < D; j++) m[j] = s * a[j] + (1 - s) * b[j], up[j] = a[j] + h * u[j], down[j] = a[j] - h * u[j];
        const double fa = cross_entropy(&r, a), fb = cross_entropy(&r, b);
        EXPECT(cross_entropy(&r, m) <= s * fa + (1 - s) * fb + 1e-9);
        hessian(&r, a, H);
        for (int j = 0; j < D; j++) curvature += u[j] * dot(H[j], u);
        EXPECT(curvature >= 0);
        EXPECT(fabs((cross_entropy(&r, up) - 2 * fa + cross_entropy(&r, down)) / (h * h) - curvature) < 1e-4 * (1 + fa));
    }
}

/* w - H^-1 g equals the weighted least squares of the working targets. */
KEN_CHECK(irls) {
    for (int t = 0; t < 50; t++) {
        const rows r = draw();
        double w[D], step[D], H[D][D], A[D][D] = {{0}}, c[D] = {0};
        for (int j = 0; j < D; j++) w[j] = uniform(-1, 1);
        gradient(&r, w, step);
        hessian(&r, w, H);
        solve(H, step);
        for (int i = 0; i < N; i++) {
            const double z = dot(r.x[i], w), p = proba(z), s = p * (1 - p), target = z + (r.y[i] - p) / s;
            for (int j = 0; j < D; j++) {
                c[j] += s * r.x[i][j] * target;
                for (int k = 0; k < D; k++) A[j][k] += s * r.x[i][j] * r.x[i][k];
            }
        }
        solve(A, c);
        for (int j = 0; j < D; j++) EXPECT(fabs(w[j] - step[j] - c[j]) < 1e-9 * (1 + fabs(c[j])));
    }
}

/* Along a separating direction the loss falls forever toward 0; w after k steps is ln(2 eta k). */
KEN_CHECK(separable) {
    const double x[] = {-3, -2, -1, 1, 2, 3};
    double before = INFINITY, w = 0;
    for (double s = 0; s <= 30; s += 0.5) {
        double loss = 0;
        for (int i = 0; i < 6; i++) loss += ken_log(1 + ken_exp(-s * fabs(x[i])));
        EXPECT(loss > 0 && loss < before);
        before = loss;
    }
    EXPECT(before < 1e-12);
    const double eta = 0.1;
    for (int64_t k = 1; k <= 300000; k++) {
        double g = 0;
        for (int i = 0; i < 6; i++) g -= fabs(x[i]) * proba(-w * fabs(x[i]));
        w -= eta * g;
        if (k == 30000 || k == 300000) EXPECT_NEAR(w, ken_log(2 * eta * (double)k), 1e-3);
    }
}

/* At the library's minimum the errors sum to 0, and so do errors times each column. */
KEN_CHECK(balance) {
    const rows r = draw();
    double X[N * 2], p[2 * N], sum = 0;
    int32_t codes[N];
    static const char levels[] = "01";
    static const int64_t offsets[] = {0, 1, 2};
    ken_table *table;
    ken_model *model;
    for (int i = 0; i < N; i++) X[2 * i] = r.x[i][0], X[2 * i + 1] = r.x[i][1] > 0, codes[i] = (int32_t)r.y[i];
    const ken_tensor t = ken_tensor_2d(X, KEN_F64, N, 2);
    ken_tensor out = ken_tensor_2d(p, KEN_F64, N, 2);
    EXPECT_OK(ken_table_from_matrix(ctx, &t, NULL, &table));
    const ken_column target = {.name = "y", .dtype = KEN_CATEGORY, .n = N, .data = codes, .stride = 1, .text = {2, offsets, levels}};
    const ken_data data = {.table = table, .target = &target};
    for (int with_penalty = 0; with_penalty < 2; with_penalty++) {
        double part[2] = {0};
        EXPECT_OK(ken_model_new(ctx, "logistic", with_penalty ? "l2=5 tol=1e-12" : "l2=0 tol=1e-12", &model));
        EXPECT_OK(ken_model_fit(ctx, model, &data));
        EXPECT_OK(ken_model_predict(ctx, model, table, KEN_WHAT_PROBA, &out));
        sum = 0;
        for (int i = 0; i < N; i++) {
            const double error = p[2 * i + 1] - r.y[i];
            sum += error;
            for (int j = 0; j < 2; j++) part[j] += error * X[2 * i + j];
        }
        EXPECT(fabs(sum) < 1e-9); /* the intercept is not penalized */
        for (int j = 0; j < 2; j++) EXPECT(with_penalty ? fabs(part[j]) > 1e-3 : fabs(part[j]) < 1e-8);
        ken_model_free(model);
    }
    ken_table_free(table);
}

/* Bayes with Gaussian classes: other shares shift the log-odds by the difference of the prior log-odds. */
KEN_CHECK(prior) {
    for (int t = 0; t < 100; t++) {
        const double x = uniform(-3, 3), a = uniform(0.02, 0.98), b = uniform(0.02, 0.98);
        const double one = ken_exp(-(x - 1) * (x - 1) / 2), zero = ken_exp(-(x + 1) * (x + 1) / 2);
        const double pa = a * one / (a * one + (1 - a) * zero), pb = b * one / (b * one + (1 - b) * zero);
        const double shifted = ken_log(pa / (1 - pa)) - ken_log(a / (1 - a)) + ken_log(b / (1 - b));
        EXPECT_NEAR(proba(shifted), pb, 1e-12);
    }
}

static void plain_softmax(const double *z, double *p) {
    double sum = 0;
    for (int c = 0; c < 3; c++) sum += p[c] = ken_exp(z[c]);
    for (int c = 0; c < 3; c++) p[c] /= sum;
}

/* p - [own class] and p_a ([a = c] - p_c) against differences; shifts cancel; two classes are a sigmoid; pairs that
 * agree give the probabilities back. */
KEN_CHECK(softmax) {
    for (int t = 0; t < 100; t++) {
        double z[3], p[3], up[3], down[3], shifted[3], moved[3], r[9] = {0}, q[3], work[12];
        const int own = t % 3;
        for (int c = 0; c < 3; c++) z[c] = uniform(-3, 3), shifted[c] = z[c] + 7;
        plain_softmax(z, p);
        plain_softmax(shifted, moved);
        for (int a = 0; a < 3; a++) {
            const double h = 1e-5, at = z[a];
            EXPECT_NEAR(moved[a], p[a], 1e-13);
            z[a] = at + h;
            plain_softmax(z, up);
            z[a] = at - h;
            plain_softmax(z, down);
            z[a] = at;
            EXPECT(fabs((ken_log(down[own]) - ken_log(up[own])) / (2 * h) - (p[a] - (a == own))) < 1e-8);
            for (int c = 0; c < 3; c++) EXPECT(fabs((up[c] - down[c]) / (2 * h) - p[c] * ((a == c) - p[a])) < 1e-8);
            for (int b = 0; b < 3; b++)
                if (a != b) {
                    r[a * 3 + b] = p[a] / (p[a] + p[b]);
                    EXPECT_NEAR(r[a * 3 + b], proba(z[a] - z[b]), 1e-12);
                }
        }
        ken_pairwise_coupling(r, 3, q, work);
        for (int c = 0; c < 3; c++) EXPECT_NEAR(q[c], p[c], 1e-9);
    }
}
